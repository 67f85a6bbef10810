"""How strongly the bit-flip process corrupts at each of its steps.

A level is a correlation ``a`` in ``[0, 1]``: a bit keeps its value with probability
``(1 + a) / 2``. Level 0 of a schedule is the clean string (``a = 1``), the last one fair coins that
remember nothing (``a = 0``). Nothing here knows of losses, networks or decoders.

Sources: Austin et al., arXiv:2107.03006, section 3.1 (uniform transitions); Nichol and Dhariwal,
arXiv:2102.09672, eq. 17 (cosine); Watson et al.,
arXiv:2106.03802 (the dynamic programme of `least_bound`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from qdiff.data.bits import Floats
from qdiff.errors import InputError
from qdiff.models.diffusion.step_placement import cheapest_steps


@dataclass(frozen=True, kw_only=True)
class FlipSchedule:
    """Correlations of the levels, clean first: ``1 = a_0 > a_1 > ... > a_K = 0``.

    A schedule of ``K`` steps has ``K + 1`` levels; step ``k`` of the reversal leads from level
    ``k`` to level ``k - 1``. Raises `InputError` for anything else.

    >>> [round(a, 3) for a in FlipSchedule.cosine(steps=3).correlations]
    [1.0, 0.866, 0.5, 0.0]
    """

    correlations: tuple[float, ...]

    def __post_init__(self) -> None:
        levels = self.correlations
        falling = all(a > b for a, b in pairwise(levels))
        if len(levels) < 2 or levels[0] != 1 or levels[-1] != 0 or not falling:
            raise InputError(f"correlations must fall from 1 to 0, got {levels}")

    @classmethod
    def log_odds(cls, *, steps: int, sharpest: float = 8.0) -> FlipSchedule:
        """``ln((1 + a) / (1 - a)) = sharpest (1 - k / K)``: evidence lost at an even pace.

        Where flips are rare their chance grows by the same factor each step. Level 0 is clean all
        the same; `sharpest` is in nats, and level 1 has a little less.
        """
        if not 0 < sharpest <= _SHARPEST:
            raise InputError(f"sharpest must lie in (0, {_SHARPEST}] nats, got {sharpest!r}")
        return cls._inner(steps, lambda time: math.tanh(sharpest * (1 - time) / 2))

    @classmethod
    def cosine(cls, *, steps: int) -> FlipSchedule:
        """``a = cos(pi k / 2K)``."""
        return cls._inner(steps, lambda time: math.cos(math.pi * time / 2))

    @classmethod
    def _inner(cls, steps: int, correlation: Callable[[float], float]) -> FlipSchedule:
        """A schedule with the ends as they must be, and the inner levels from a formula."""
        if steps < 1:
            raise InputError(f"a schedule needs at least one step, got {steps}")
        inner = (correlation(step / steps) for step in range(1, steps))
        return cls(correlations=(1.0, *inner, 0.0))

    @classmethod
    def least_bound(cls, fine: FlipSchedule, costs: Floats, *, steps: int) -> FlipSchedule:
        """The best choice of `steps` among the steps that skip levels of a finer schedule.

        ``costs[s, t]`` is the term of the variational bound, in nats, of a step from level ``t`` to
        level ``s < t`` (`bitflip_laws.step_costs` measures them); other entries mean nothing.
        The bound is a sum over the steps, so its least value is a shortest path.

        >>> import numpy as np
        >>> fine, costs = FlipSchedule.cosine(steps=3), np.array([[9, 5, 2, 9.0]] * 4)
        >>> FlipSchedule.least_bound(fine, costs, steps=2).correlations[1] == fine.correlations[2]
        True
        """
        if not 1 <= steps <= fine.steps or costs.shape != (fine.steps + 1,) * 2:
            raise InputError(f"{steps} steps and costs {costs.shape} do not fit {fine.steps} steps")
        levels = cheapest_steps(costs, steps)
        return cls(correlations=tuple(fine.correlations[level] for level in levels))

    @property
    def steps(self) -> int:
        return len(self.correlations) - 1


_SHARPEST = 30.0
"""Beyond, the chance of a flip is lost in the rounding of the correlation."""
