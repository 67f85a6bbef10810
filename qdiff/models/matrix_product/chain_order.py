"""Orders of the bits along a chain that are worth trying."""

from __future__ import annotations

import numpy as np

from qdiff.data.pair_statistics import mutual_information, pair_joint
from qdiff.data.shots import Shots

ChainOrder = tuple[int, ...]


def chain_orders(shots: Shots) -> list[ChainOrder]:
    """Orders worth trying: the bits' own, and the spectral one where it differs.

    >>> pairs = Shots.from_bits([[0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]])
    >>> sorted(map(sorted, (chain_orders(pairs)[1][:2], chain_orders(pairs)[1][2:])))
    [[0, 2], [1, 3]]
    """
    own = tuple(range(shots.num_bits))
    spectral = spectral_order(shots)
    return [own] if spectral in (own, own[::-1]) else [own, spectral]


def spectral_order(shots: Shots) -> ChainOrder:
    """Bits that depend on each other side by side: a bond must carry what they tell of one another.

    The order that minimises ``sum_ij I_ij (z_i - z_j)^2`` over unit vectors ``z`` orthogonal to the
    constant one is that of the second eigenvector of the Laplacian of ``I``, here the mutual
    information of pairs (Barcza et al., arXiv:1008.4607, who order orbitals so).
    """
    information = mutual_information(pair_joint(shots, 0.5))
    laplacian = np.diag(information.sum(axis=1)) - information
    vectors = np.linalg.eigh(laplacian)[1]
    order: ChainOrder = tuple(
        np.argsort(vectors[:, min(1, len(vectors) - 1)], kind="stable").tolist()
    )
    return order
