"""How far apart the members of an ensemble are: what they do not know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.models.laws.law import Law
from qdiff.models.laws.mixture import Mixture, log_mixture

_TABLE_BITS = 14
"""Up to here a table costs less than enough draws."""

_DRAWS = 256
"""Strings a member where there is no table."""


def disagreement(laws: Sequence[Law], generator: np.random.Generator) -> float:
    """The mean KL divergence of laws from their average, in nats; 0 for a single one.

    It is the mutual information of a string and the law that it was drawn from. From tables, or
    estimated from draws beyond their reach.
    """
    if len(laws) < 2:
        return 0.0
    if laws[0].num_bits <= _TABLE_BITS:
        tables = np.stack([law.table() for law in laws])
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(tables > 0, tables * np.log(tables / tables.mean(axis=0)), 0.0)
        return float(terms.sum(axis=1).mean())
    words, counts = Mixture(laws, [1.0] * len(laws)).draw(_DRAWS * len(laws), generator)
    rows = bitorder.unpack(words, laws[0].num_bits)
    logs = np.stack([law.log_prob(rows) for law in laws])
    excess = logs - log_mixture(logs, np.full(len(laws), 1 / len(laws)))
    each = (np.exp(excess) * excess).mean(axis=0)  # never negative, unlike the excess alone
    return float(each @ counts / counts.sum())
