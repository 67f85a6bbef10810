"""How many relabellings an alarm takes, and which levels can be reached at all.

The least p-value of so many relabellings is one over one more, times the tests that an alarm is
raised by. Relabellings are drawn in portions, and no more once enough of them are as extreme as the
labels: only a batch that is suspect pays for a low level. That is Besag and Clifford's sequential
test (Biometrika 78, 301 (1991)) by portions, and the p-value is at most as often below a level as
the level says, whatever the level.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, lgamma

import numpy as np

from qdiff.comparison.relabelling import p_value
from qdiff.data.argument_checks import MOST_REPLICATES, check_whole, is_between, shown
from qdiff.data.bits import Floats
from qdiff.errors import InputError

TESTS = 4
"""Of the likelihood, of bits, of pairs, and of impossible shots."""

PORTION = 999
ENOUGH = 20
"""As many relabellings as extreme as the labels settle that there is no alarm."""

_FINER = 5
"""The least p-value is this much below the level, so that an alarm need not be the most extreme."""


def relabellings(asked: int | None, level: float | None) -> int:
    """As many as were asked for, or as an alarm at that level takes."""
    if level is not None and not is_between(level, 0, 1):
        raise InputError(f"alarm must lie strictly between 0 and 1, got {shown(level)}")
    if asked is not None:
        return check_whole(asked, "permutations", most=MOST_REPLICATES)
    wanted = PORTION if level is None else ceil(_FINER * TESTS / max(level, 1e-9)) - 1
    return min(max(wanted, PORTION), MOST_REPLICATES)


def check_reachable(level: float, times: int, sizes: tuple[int, int]) -> None:
    """Raise `InputError` where no batch's likelihood, however different, can have such a p-value.

    Fisher's tests of bits and of pairs may yet; but an alarm that the likelihood can never raise is
    not the one that was asked for.
    """
    fewest, ways = TESTS / (times + 1), TESTS * exp(min(0.0, -_log_ways(*sizes)))
    if max(fewest, ways) < level:
        return
    if fewest >= ways:
        why = f"{times:,} relabellings (at most {MOST_REPLICATES:,}) give {fewest:.2g} at least"
    else:
        why = f"{sizes[0]:,} shots against {sizes[1]:,} give {ways:.2g} at least"
    raise InputError(f"an alarm at {level:g} cannot be reached: {why}; give a higher level")


def until_settled(draw: Callable[[int], Floats], times: int) -> Floats:
    """Statistics as labelled, and relabelled at most `times` times, ``(k + 1,)``, large extreme.

    `draw` gives that of a number of relabellings.
    """
    found = draw(min(times, PORTION))
    while len(found) <= times and p_value(found) * len(found) <= ENOUGH:
        found = np.concatenate([found, draw(min(PORTION, times + 1 - len(found)))[1:]])
    return found


def _log_ways(first: int, second: int) -> float:
    """The logarithm of the number of ways to part both sets' shots."""
    return lgamma(first + second + 1) - lgamma(first + 1) - lgamma(second + 1)
