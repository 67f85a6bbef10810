"""How far apart the members of an ensemble are: what they do not know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.models.laws.law import Law
from qdiff.models.laws.mixture import Mixture

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
    average = Mixture(laws, [1.0] * len(laws))
    excesses = []
    for law in laws:
        words, counts = law.draw(_DRAWS, generator)
        rows = bitorder.unpack(words, law.num_bits)
        excesses.append((law.log_prob(rows) - average.log_prob(rows)) @ counts / counts.sum())
    return max(float(np.mean(excesses)), 0.0)
