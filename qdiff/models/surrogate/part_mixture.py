"""The law of a surrogate: its parts mixed, and the table of that where one is in reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.registers import default_registers
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.models.diffusion.decoding.entropy_profile import EntropyProfile
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import AnyOrderLaw, Law
from qdiff.models.laws.mixture import AnyOrderMixture, members, posterior_weights
from qdiff.models.laws.table import TableLaw
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion
from qdiff.models.readout.unfolding import unfold
from qdiff.models.surrogate import parallel_steps
from qdiff.models.surrogate.part import Part, Parts, Weights

MAX_EXACT_BITS = 22
"""A table decodes ``2^n`` prefixes an order; beyond this, evaluate and sample."""

_QUICK_TABLE_BITS = 16
"""Up to here the table is built at the first draw, since it costs less than a second or two."""

_NETWORKS = (Part.DIFFUSION, Part.RECURRENT)
"""Parts that have no exact marginals beyond the reach of a table."""

_RECURRENT_ONLY = "a recurrent network answers about given bits as far as a table reaches"


class PartMixture:
    """The mixture of `parts` by `weights`, and what it answers about some of its bits.

    Most parts answer at any size. A recurrent network does not: it knows the bits in their own
    order only, so it draws, and what is asked of it beyond the reach of a table is left out.

    Raises `InputError` unless each part has a weight.
    """

    def __init__(self, parts: Parts, weights: Weights) -> None:
        if set(parts) != set(weights) or not parts:
            raise InputError("a surrogate needs one weight for each of its parts")
        self.parts, self.weights = dict(parts), dict(weights)
        self.law = AnyOrderMixture([*parts.values()], [weights[part] for part in parts])
        self.num_bits = self.law.num_bits

    @property
    def has_table(self) -> bool:
        """Whether a table of all bits is in reach; of the bit-flip process it is up to fewer."""
        diffusion = self.parts.get(Part.DIFFUSION)
        flips = diffusion is not None and isinstance(members(diffusion)[0], BitFlipLaw)
        reach = min(MAX_EXACT_BITS, MAX_BITFLIP_BITS) if flips else MAX_EXACT_BITS
        return self.num_bits <= reach

    @property
    def table(self) -> Floats:
        """All ``2^n`` probabilities, read-only. Raises `InputError` beyond 22 bits."""
        if self.num_bits > MAX_EXACT_BITS:
            raise InputError(
                f"a table of {self.num_bits} bits is out of reach (the limit is {MAX_EXACT_BITS}); "
                "use log_prob or sample"
            )
        return self._table

    @cached_property
    def table_law(self) -> TableLaw:
        """The same as a law."""
        return TableLaw.of(self._table)

    def only(self, *kept: Part) -> PartMixture:
        """Without the other parts. Raises `InputError` when one is absent or none has weight."""
        if not kept or not all(isinstance(part, str) and part in self.parts for part in kept):
            raise InputError(f"this surrogate has {[part.value for part in self.parts]}")
        total = sum(self.weights[part] for part in kept)
        if not total > 0:
            raise InputError(f"{[str(part) for part in kept]} have no weight in this surrogate")
        return PartMixture(
            {part: self.parts[part] for part in kept},
            {part: self.weights[part] / total for part in kept},
        )

    def drawn_from(self, shots: int) -> AnyOrderLaw:
        """The table where it costs less than splitting so many shots; by size alone, so that a
        seed's shots do not depend on what was asked before."""
        pays = self.num_bits <= _QUICK_TABLE_BITS or 4 * shots >= 1 << self.num_bits
        return self.table_law if self.has_table and pays else self.law

    def conditional(self, given: Mapping[int, int]) -> AnyOrderLaw:
        """The law of all bits given some. Raises `InputError` where these are impossible."""
        log_prob, conditional = (
            self.table_law if self.has_table else self._any_order_law
        ).condition(given)
        _check_possible(log_prob, given)
        return conditional

    def left_out(self, given: Mapping[int, int]) -> list[str]:
        """The parts that do not answer under what is given."""
        silent = bool(given) and not self.has_table and self.weights.get(Part.RECURRENT)
        return [Part.RECURRENT.value] if silent else []

    def in_steps(self, steps: int, given: Mapping[int, int]) -> tuple[Law, list[float]]:
        """The mixture with its diffusion part decoded in parallel, and what that costs in nats.

        Raises `InputError` as `conditional` does, and without a masked diffusion part.
        """
        log_prob, weight, law = parallel_steps.mixture_in_steps(
            self.parts, self.weights, steps, given, tabulated=self.has_table
        )
        _check_possible(log_prob, given)
        if steps == self.num_bits - len(given):
            return law, [0.0, 0.0]
        return law, [weight * value for value in self.penalty(steps, given)]

    def penalty(self, steps: int, given: Mapping[int, int]) -> tuple[float, float]:
        """What decoding the diffusion part so costs in nats, and its standard error."""
        schedule = UnmaskingSchedule.uniform(self.num_bits - len(given), steps=steps)
        profiles = parallel_steps.measured_profiles(self.parts, given) if given else self._profiles
        return parallel_steps.mean_penalty(profiles, schedule)

    def estimated_marginal(
        self, bits: Sequence[int], shots: int, generator: np.random.Generator
    ) -> tuple[Floats, Floats | None]:
        """The marginal of some bits, ``(2^k,)``, where there is no table, and its standard error.

        Networks bring the frequencies among `shots` draws from each, without bias; other parts are
        exact, and alone they leave no error, which is None then.
        """
        table, variance = np.zeros(1 << len(bits)), np.zeros(1 << len(bits))
        registers = default_registers([self.num_bits])
        for part, law in self.parts.items():
            weight = self.weights[part]
            if part not in _NETWORKS:
                table += weight * law.marginal(bits)
                continue
            drawn = Shots.from_words(*law.draw(shots, generator), registers=registers)
            frequencies = HistogramLaw(drawn).marginal(bits)
            table += weight * frequencies
            # half a draw more, so that what was not drawn is not called certain
            rounded = (frequencies * shots + 0.5) / (shots + 1)
            variance += weight**2 * rounded * (1 - rounded) / shots
        return table, np.sqrt(variance) if variance.any() else None

    def conditioned(self, given: Mapping[int, int]) -> PartMixture:
        """Each part given some bits, as `conditional` mixes them where there is no table.

        Raises `InputError` where these are impossible, or only the recurrent part has weight.
        """
        kept: list[Part] = [p for p in self.parts if p is not Part.RECURRENT and self.weights[p]]
        if not kept:
            raise InputError(_RECURRENT_ONLY)
        found = {part: self.parts[part].condition(given) for part in kept}
        log_prob, posterior = posterior_weights(
            [self.weights[part] for part in kept], [found[part][0] for part in kept]
        )
        _check_possible(log_prob, given)
        pairs = zip(kept, posterior.tolist(), strict=True)
        weights: dict[Part, float] = {part: weight for part, weight in pairs if weight}
        return PartMixture({part: found[part][1] for part in weights}, weights)

    def before_readout(self, confusion: Confusion | None) -> PartMixture:
        """The circuit's own law before readout, and all other parts together unfolded.

        Without `confusion` it is the one fitted with the circuit. Raises `InputError` without
        either, for one of other bits, and beyond a table's reach where there are other parts.
        """
        circuit = self.parts.get(Part.CIRCUIT)
        laws: dict[Part, AnyOrderLaw] = {}
        if isinstance(circuit, CircuitLaw) and self.weights[Part.CIRCUIT] > 0:
            confusion = confusion or circuit.confusion
            laws[Part.CIRCUIT] = circuit.before_readout()
        if confusion is None:
            raise InputError("the readout is unknown: give its confusion, or fit with the circuit")
        if confusion.num_bits != self.num_bits:
            raise InputError(
                f"the readout is of {confusion.num_bits} bits, the surrogate has {self.num_bits}"
            )
        weights = {part: self.weights[part] for part in laws}
        rest = [part for part in self.parts if part not in laws and self.weights[part] > 0]
        if rest:
            laws[Part.UNFOLDED] = TableLaw.of(unfold(confusion, self.only(*rest).table))
            weights[Part.UNFOLDED] = sum(self.weights[part] for part in rest)
        return PartMixture(laws, weights)

    @cached_property
    def _table(self) -> Floats:
        table = self.law.table()
        table /= table.sum()  # float64 dust
        table.flags.writeable = False
        return table

    @cached_property
    def _any_order_law(self) -> AnyOrderMixture:
        """Without the part that knows one order only."""
        kept = [part for part in self.parts if part is not Part.RECURRENT]
        weights = [self.weights[part] for part in kept]
        if not any(weights):
            raise InputError(_RECURRENT_ONLY)
        return AnyOrderMixture([self.parts[part] for part in kept], weights)

    @cached_property
    def _profiles(self) -> list[EntropyProfile]:
        return parallel_steps.measured_profiles(self.parts, {})


def _check_possible(log_prob: float, given: Mapping[int, int]) -> None:
    if not np.isfinite(log_prob):
        raise InputError(f"the given bits {given} have probability zero in this surrogate")
