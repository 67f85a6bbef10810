"""A pure state as a chain of matrices, exact while neighbours share little.

``psi(x) = A_1[x_1] ... A_n[x_n]`` (matrix product state; Vidal, quant-ph/0301063). One site is the
centre: those left and right of it are isometries, so that the singular values at a cut are Schmidt
coefficients. Only those below `CUTOFF` of the largest are left out; a state that needs more than a
given bond is refused rather than approximated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]

CUTOFF = 1e-10
"""Of Schmidt coefficients, relative to the largest: an error of that size in amplitudes."""

_STEP_WORK = 100_000
_SWAP = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]


class TooEntangledError(Exception):
    """The state needs a larger bond, or more work, than allowed."""


class ChainState:
    """`num_sites` qubits in ``|0...0>``.

    Parameters
    ----------
    max_bond
        The largest bond that may be needed.
    max_work
        About how many multiplications all gates together may take.

    Gates raise `TooEntangledError` beyond either.

    >>> state = ChainState(2, max_bond=2)
    >>> state.apply_one(np.array([[0, 1], [1, 0]]), 1)
    >>> state.means_of_z().tolist()
    [1.0, -1.0]
    """

    def __init__(self, num_sites: int, *, max_bond: int, max_work: float = np.inf) -> None:
        zero = np.zeros((1, 2, 1), dtype=np.complex128)
        zero[0, 0, 0] = 1
        self._sites = [zero] * num_sites
        self._centre = 0
        self._max_bond, self._work = max_bond, max_work

    def apply_one(self, matrix: NDArray[np.generic], site: int) -> None:
        """A ``2 x 2`` unitary."""
        unitary = np.asarray(matrix, dtype=np.complex128)
        self._sites[site] = np.einsum("xa,lar->lxr", unitary, self._sites[site])

    def apply_two(self, matrix: NDArray[np.generic], first: int, second: int) -> None:
        """A ``4 x 4`` unitary, its index being the bit of `first` and twice that of `second`.

        Sites that are apart are brought together and back.
        """
        unitary = np.asarray(matrix, dtype=np.complex128)
        if first > second:
            first, second = second, first
            unitary = _SWAP @ unitary @ _SWAP
        way = range(second - 1, first, -1)
        for site in way:
            self._apply_pair(_SWAP, site)
        self._apply_pair(unitary, first)
        for site in reversed(way):
            self._apply_pair(_SWAP, site)

    def means_of_z(self) -> NDArray[np.float64]:
        """``<Z>`` of every site, ``(n,)``."""
        means = []
        for site in range(len(self._sites)):
            self._move_centre(site)
            weights = (np.abs(self._sites[site]) ** 2).sum(axis=(0, 2))
            means.append((weights[0] - weights[1]) / weights.sum())
        return np.array(means)

    def means_of_products(self, flags: NDArray[np.bool_]) -> NDArray[np.float64]:
        """``<prod Z>`` over the sites that each row of ``(k, n)`` `flags` marks, ``(k,)``."""
        carried = np.ones((len(flags) + 1, 1, 1), dtype=np.complex128)
        signs = np.where(np.vstack([flags, np.zeros(len(self._sites), bool)]), -1.0, 1.0)
        for site, tensor in enumerate(self._sites):
            zero, one = tensor[:, 0], tensor[:, 1]
            flipped = signs[:, site, None, None]
            carried = zero.conj().T @ carried @ zero + flipped * (one.conj().T @ carried @ one)
        values = carried[:, 0, 0].real  # the last row is the norm
        return np.asarray(values[:-1] / values[-1])

    def _apply_pair(self, unitary: Complex, site: int) -> None:
        """A gate on `site` and the next one."""
        self._move_centre(site)
        left, right = self._sites[site], self._sites[site + 1]
        joined = np.tensordot(left, right, axes=(2, 0))  # (l, a, b, r)
        gate = unitary.reshape(2, 2, 2, 2)  # (b', a', b, a): the first site is the lower bit
        joined = np.einsum("yxba,labr->lxyr", gate, joined)
        rows, columns = 2 * left.shape[0], 2 * right.shape[2]
        self._spend(rows * columns * min(rows, columns))
        u, s, v = np.linalg.svd(joined.reshape(rows, columns), full_matrices=False)
        kept = int((s > CUTOFF * s[0]).sum())
        if kept > self._max_bond:
            raise TooEntangledError
        self._sites[site] = u[:, :kept].reshape(-1, 2, kept)
        self._sites[site + 1] = (s[:kept, None] * v[:kept]).reshape(kept, 2, -1)
        self._centre = site + 1

    def _move_centre(self, site: int) -> None:
        while self._centre < site:
            here = self._sites[self._centre]
            q, r = np.linalg.qr(here.reshape(-1, here.shape[2]))
            self._sites[self._centre] = q.reshape(here.shape[0], 2, -1)
            self._centre += 1
            self._sites[self._centre] = np.tensordot(r, self._sites[self._centre], axes=(1, 0))
        while self._centre > site:
            here = self._sites[self._centre]
            q, r = np.linalg.qr(here.reshape(here.shape[0], -1).T)
            self._sites[self._centre] = q.T.reshape(-1, 2, here.shape[2])
            self._centre -= 1
            self._sites[self._centre] = np.tensordot(self._sites[self._centre], r, axes=(2, 1))

    def _spend(self, work: int) -> None:
        self._work -= work + _STEP_WORK
        if self._work < 0:
            raise TooEntangledError
