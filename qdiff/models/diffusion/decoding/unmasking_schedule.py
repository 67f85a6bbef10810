"""How many bits each step of parallel unmasking reveals, and what revealing them at once costs.

Bits that are revealed together are drawn independently of one another given those already visible.
If ``f_j`` is the mean surprise, in nats, of a random hidden bit given ``j`` random visible ones,
the blocks of a schedule cost

    penalty = sum over blocks, sum over positions j in the block, of (f_start - f_j),

which is what independence loses on average over the choice of blocks (`factorisation_penalty`
states it exactly). It depends on the schedule only through ``sum_blocks size * f_start``, a
shortest path over positions, so the best placement of ``K`` steps is found by dynamic programming.

Sources: Hoogeboom et al., arXiv:2110.02037, section 3.2 (parallel steps of an any-order model and
their placement); Watson et al., arXiv:2106.03802 (the dynamic programme).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qdiff.data.bits import Floats
from qdiff.errors import InputError
from qdiff.models.diffusion.step_placement import cheapest_steps


@dataclass(frozen=True, kw_only=True)
class UnmaskingSchedule:
    """The number of bits that each step reveals, first step first.

    >>> UnmaskingSchedule.uniform(10, steps=4).sizes
    (2, 3, 2, 3)
    >>> UnmaskingSchedule.least_penalty(np.array([1.0, 0.1, 0.1, 0.1]), steps=2).sizes
    (1, 3)
    """

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1:
            raise InputError(f"every step must reveal at least one bit, got sizes {self.sizes}")

    @classmethod
    def uniform(cls, num_bits: int, *, steps: int) -> UnmaskingSchedule:
        """Steps of equal size, up to rounding; ``steps = num_bits`` reveals one bit at a time."""
        _check_steps(steps, num_bits)
        return cls._between([step * num_bits // steps for step in range(steps + 1)])

    @classmethod
    def least_penalty(cls, profile: Floats, *, steps: int) -> UnmaskingSchedule:
        """The schedule of least `factorisation_penalty` for a profile ``f``, ``(n,)`` in nats."""
        num_bits = len(profile)
        _check_steps(steps, num_bits)
        positions = np.arange(num_bits + 1)
        # revealing bits a ... b-1 at once costs (b - a) f_a, less what no schedule changes
        costs = (positions - positions[:, None]) * np.append(profile, 0.0)[:, None]
        return cls._between(cheapest_steps(costs, steps))

    @classmethod
    def _between(cls, edges: Sequence[int]) -> UnmaskingSchedule:
        return cls(sizes=tuple(later - earlier for earlier, later in pairwise(edges)))

    @property
    def num_bits(self) -> int:
        return sum(self.sizes)

    @property
    def steps(self) -> int:
        return len(self.sizes)

    @property
    def starts(self) -> tuple[int, ...]:
        """How many bits are visible before each step."""
        return tuple(sum(self.sizes[:step]) for step in range(self.steps))


def factorisation_penalty(profile: Floats, schedule: UnmaskingSchedule) -> Floats:
    """``sum_blocks sum_j (f_start - f_j)`` in nats, for profiles ``(..., n)``; shape ``(...)``.

    Let ``p`` be any law, ``q(x_i | x_S)`` any denoiser, and ``f_j`` the mean of
    ``-log q(x_i | x_S)`` over ``x ~ p``, uniformly random sets ``S`` of ``j`` bits, and bits ``i``
    outside ``S``. Write ``q_B`` for the law of decoding along given blocks ``B`` and ``q_s`` for
    that of decoding one bit at a time along an order ``s``. Then, exactly,

        penalty = E_B KL(p || q_B) - E_s KL(p || q_s).

    For the exact conditionals of ``p`` the last term is zero and ``f`` is an entropy. The penalty
    is then the KL between the joint laws of (blocks, string), and since KL is convex it bounds
    that of the strings alone from above: ``KL(p || E_B q_B) <= penalty``. For a learned denoiser
    both mixtures, ``E_B q_B`` and ``E_s q_s``, gain by convexity, and the increase of
    ``KL(p || .)`` from the one to the other may lie on either side of the penalty.

    >>> ghz = np.array([np.log(2), 0, 0, 0])
    >>> float(factorisation_penalty(ghz, UnmaskingSchedule(sizes=(4,))) / np.log(2))
    3.0
    """
    profile = np.asarray(profile)
    if profile.shape[-1] != schedule.num_bits:
        raise InputError(
            f"the schedule reveals {schedule.num_bits} bits, the profile has {profile.shape[-1]}"
        )
    starts = np.repeat(schedule.starts, schedule.sizes)
    total: Floats = (profile[..., starts] - profile).sum(axis=-1)
    return total


def _check_steps(steps: int, num_bits: int) -> None:
    if not 1 <= steps <= num_bits:
        raise InputError(f"{num_bits} bits take 1 to {num_bits} steps, got {steps}")
