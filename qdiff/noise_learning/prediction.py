"""The law of a circuit that was never run, from what is known of the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import rel_entr
from scipy.stats import poisson

from qdiff.data.bits import Floats
from qdiff.models.laws.table import TableLaw
from qdiff.models.noisy_circuit.error_groups import draw_histories
from qdiff.models.noisy_circuit.history_laws import laws_after
from qdiff.models.noisy_circuit.history_numbers import number_of_histories, numbers_of
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.memory_needed import check_memory
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.noisy_circuit.statevector import ideal_law
from qdiff.models.readout.confusion import Confusion
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.drawn_laws import DrawnLaws
from qdiff.noise_learning.exact_law import Anchor, exact_law
from qdiff.noise_learning.numbers import BACKGROUND, PAIR_FLIP, Number, from_scale
from qdiff.noise_learning.posterior import Posterior

_CHUNK = 1 << 24
"""Probabilities of laws after errors that are held at once."""

_FEWEST = 48
"""Histories, where errors are so rare that hardly any are needed."""

_HERE = 0.75
"""The part of the histories that is drawn at the most probable rates, the rest at all alike: none
then counts for more than some four times their number."""

_RAREST = 1e-15
"""Expected errors of a group whose rate is 0, which has no logarithm."""

_KL_OF_HISTORIES = 2e-5
"""What drawing histories may cost in nats: far less than rates that are not quite right."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction:
    """The law of a circuit at the most probable numbers.

    Attributes
    ----------
    law
        Errors of gates by histories, then readout.
    histories
        How many histories ``K`` were drawn. They cost some ``(1 - e^-mu)^2 / 2K`` nats, ``mu`` the
        mean number of errors in a run.
    plausible
        ``(draws, 2^n)``, the laws at other numbers, as probable as the shots leave them.
    """

    law: CircuitLaw
    histories: int
    plausible: Floats

    @property
    def expected_kl(self) -> float | None:
        """Mean KL of the plausible laws from `law`, in nats; None where there are none."""
        if not len(self.plausible):
            return None
        return float(np.mean(rel_entr(self.plausible, self.law.table()).sum(axis=1)))


def predicted(
    circuit: DeviceCircuit,
    known: Posterior,
    operations: float,
    generator: np.random.Generator,
    draws: int = 0,
) -> Prediction:
    """What is `known` of the device, put into `circuit`; `draws` plausible laws beside it.

    Histories serve all laws, as many as keep their share of the KL below 2e-5 nats, or as
    `operations`, gates times amplitudes, allow.
    """
    known = known.widened(circuit.numbers(known.prior))
    others = known.drawn(draws, generator) if draws else []
    histories, tables = before_readout(circuit, [known, *others], operations, generator)
    law = read_law(circuit, tables[0], known)
    plausible = [read_law(circuit, *each).table() for each in zip(tables[1:], others, strict=True)]
    shape = (len(plausible), len(tables[0]))
    return Prediction(law=law, histories=histories, plausible=np.reshape(plausible, shape))


def read_law(circuit: DeviceCircuit, before: Floats, known: Posterior) -> CircuitLaw:
    """The law `before` readout as it is read; the background has the marginals of what is read."""
    confusion = readout_of(circuit, known)
    marginals = marginals_of(confusion.apply(before))
    return CircuitLaw(TableLaw.of(before), confusion, known.value(Number(BACKGROUND)), marginals)


def before_readout(
    circuit: DeviceCircuit,
    known: Sequence[Posterior],
    operations: float,
    generator: np.random.Generator,
) -> tuple[int, Floats]:
    """Laws after errors of gates alone, one for each of `known`, and by how many histories.

    Histories are drawn as the first of `known` has them and some as all do, and count for each in
    proportion to how likely it makes them. Over-rotations that differ act in first order.
    """
    program = circuit.program.over_rotated(*known[0].angles)
    check_memory(program, 2 * len(known))
    rates = np.exp([each.values(circuit.rates) for each in known]) @ circuit.net.T
    signed = rates * np.array([group.size for group in circuit.groups])
    uses = np.abs(signed)
    means = uses.sum(axis=1)
    laws = np.exp(-means)[:, None] * _ideal_laws(circuit, program, known)
    truth = exact_law(circuit, rates[0], known[0].angles, operations)
    if truth is not None and len(known) == 1:
        return 0, truth[None]
    drawn_by = _HERE * uses[0] + (1 - _HERE) * uses.mean(axis=0)
    if not (mean := float(drawn_by.sum())):
        return 0, laws
    enough = np.expm1(-mean) ** 2 / (2 * _KL_OF_HISTORIES)
    histories = min(number_of_histories(program, operations), int(enough) + _FEWEST)
    numbers = numbers_of(mean, histories)
    masses = poisson.pmf(np.arange(1, len(numbers) + 1), mean)
    masses[-1] = poisson.sf(len(numbers) - 1, mean)
    ratios = np.log((uses + _RAREST) / (drawn_by + _RAREST))
    fewer = np.exp(mean - means)
    most = max(1, _CHUNK >> program.num_bits)
    for errors, (number, mass) in enumerate(zip(numbers, masses, strict=True), start=1):
        drawn = draw_histories(circuit.groups, drawn_by / mean, number, errors, generator)
        drawn.sort(key=lambda history: history.gates[0])
        groups = np.array([history.groups for history in drawn])
        weights = mass / number * fewer[:, None] * np.exp(ratios[:, groups].sum(axis=2))
        weights *= np.where(signed < 0, -1, 1)[:, groups].prod(axis=2)
        for start in range(0, number, most):
            chunk = slice(start, start + most)
            laws += weights[:, chunk] @ laws_after(program, circuit.groups, drawn[chunk])
    laws = laws.clip(min=0)  # histories that count against may have gone too far
    laws /= laws.sum(axis=1, keepdims=True)
    return sum(numbers), laws if truth is None else _put_right(laws, truth)


def _put_right(laws: Floats, truth: Floats) -> Floats:
    """Laws by the same histories, the first of which should be `truth`."""
    anchor = Anchor.of(truth, laws[0])
    right = (laws * anchor.ratio + anchor.rest).clip(min=0)
    return np.asarray(right / right.sum(axis=1, keepdims=True))


def _ideal_laws(circuit: DeviceCircuit, program: Program, known: Sequence[Posterior]) -> Floats:
    """``(len(known), 2^n)``: without errors, each at its own over-rotations."""
    ideal = np.tile(ideal_law(program), (len(known), 1))
    if len(known) > 1 and known[0].prior.turns:
        tangents = DrawnLaws.without_errors(circuit, known[0].angles).tangents
        moved = np.array([each.angles for each in known]) - known[0].angles
        ideal = (ideal + moved @ tangents).clip(min=0)
    return ideal


def readout_of(circuit: DeviceCircuit, known: Posterior) -> Confusion:
    """What readout does to the circuit's classical bits; those never written stay 0."""
    chances = np.zeros((2, circuit.program.num_bits))
    read = [known.value(number) for number in circuit.readout]
    chances[:, circuit.bits] = np.reshape(read, (2, -1))
    confusion = Confusion.independent(*chances)
    if not known.prior.pair_flips:
        return confusion
    flips = known.values(circuit.pair_flips)
    rates = [from_scale(PAIR_FLIP, float(flip)) for flip in flips]
    return confusion.with_pair_flips(circuit.program.couplings, rates)


def marginals_of(law: Floats) -> Floats:
    """The chance of a 1 in each bit of a table."""
    index = np.arange(len(law))
    bits = len(law).bit_length() - 1
    return np.array([float(law @ (index >> bit & 1)) for bit in range(bits)]).clip(0, 1)
