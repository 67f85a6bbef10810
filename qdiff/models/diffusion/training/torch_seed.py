"""From numpy's seeds to torch's."""

from __future__ import annotations

import numpy as np


def torch_seed(seed: np.random.SeedSequence) -> int:
    """A whole number below 2^63, which torch's generators take.

    >>> torch_seed(np.random.SeedSequence(1)) < 2**63
    True
    """
    return int(seed.generate_state(1, np.uint64)[0] >> np.uint64(1))
