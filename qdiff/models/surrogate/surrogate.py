"""`Surrogate`: the fitted law of a circuit's outcomes, which samples, evaluates and saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qdiff.data import argument_checks as arguments
from qdiff.data import bits as bitorder
from qdiff.data import storage
from qdiff.data.argument_checks import Given, Order
from qdiff.data.bits import Register
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Seed, Shots, registers_in, registers_to_json
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.models.diffusion.decoding.entropy_profile import EntropyProfile
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.laws.law import AnyOrderLaw, AnyOrderMixture, Law, TableLaw, members
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion
from qdiff.models.readout.unfolding import unfold
from qdiff.models.surrogate import conditionals as questions
from qdiff.models.surrogate import parts as part_files
from qdiff.models.surrogate.notebook_html import surrogate_html
from qdiff.models.surrogate.parts import Part

__all__ = ["MAX_EXACT_BITS", "MAX_MARGINAL_BITS", "Given", "Order", "Surrogate"]

MAX_EXACT_BITS = 22
"""`Surrogate.distribution` decodes ``2^n`` prefixes an order; beyond this, evaluate and sample."""

MAX_MARGINAL_BITS = 20
"""Bits that `Surrogate.marginal` takes beyond the reach of a table."""

_QUICK_TABLE_BITS = 16
"""Up to here the table is built at the first draw, since it costs less than a second or two."""


class Surrogate:
    """A law over bitstrings, mixed from a diffusion model and what helps it.

    ``q(x) = w_d 1/M sum_m q_{s_m}(x) + w_i q_i(x) + w_m q_m(x) + w_r q_r(x) + w_s c(x)/N``: the
    masked diffusion model decoded along ``M`` fixed orders, the log-linear law of interactions
    (`interactions`), a matrix-product law (`matrix_product`), a recurrent network that
    reads the bits in their own order, and the training shots themselves (the mean of a Dirichlet
    posterior). Held-out shots decide the weights; `card` states them and everything else about the
    fit. Build one with `qdiff.fit`.

    Attributes
    ----------
    parts, weights
        The laws and their weights, which sum to one; parts of weight zero may be absent.
    registers
        The classical registers of the shots it was fitted to.
    card
        The model card, as JSON. Its ``heldout`` score is optimistic: the same shots stopped the
        training and chose networks and weights. Score a surrogate on shots that `qdiff.fit` has not
        seen, or against an exact law.
    without_circuit
        After a fit that was told the circuit: what the same shots give without it. Not saved.
    """

    without_circuit: Surrogate | None = None

    def __init__(
        self,
        *,
        parts: Mapping[Part, AnyOrderLaw],
        weights: Mapping[Part, float],
        registers: Sequence[Register],
        card: Mapping[str, Any],
    ) -> None:
        if set(parts) != set(weights) or not parts:
            raise InputError("a surrogate needs one weight for each of its parts")
        self.parts = dict(parts)
        self.weights = dict(weights)
        self.registers = tuple(registers)
        self.card = dict(card)
        self._law = AnyOrderMixture(
            [*self.parts.values()], [self.weights[part] for part in self.parts]
        )

    @property
    def num_bits(self) -> int:
        return self._law.num_bits

    def sample(
        self,
        shots: int,
        *,
        seed: Seed = None,
        given: Given | None = None,
        order: Order | str = Order.FIXED,
        steps: int | None = None,
    ) -> Shots:
        """Draw new shots; the same arguments and `seed` give the same shots.

        Draws are exact in the law of `log_prob`: from a table that is built once (up to 16 bits,
        and up to 22 for enough shots), beyond by splitting counts down the prefix tree of each
        order. `order` and `steps` decode the diffusion part in another way, faster or slower, and
        change its law a little.

        Parameters
        ----------
        given
            Values of some bits, ``{bit: value}``: draw from the law conditional on them (see
            `log_prob`; the provenance names a part that was left out). With `order` or `steps` the
            diffusion part decodes these bits first, whatever the number of bits.
        order
            ``"random"`` decodes one bit at a time along a random order a shot, the pure diffusion
            sampler.
        steps
            Decode in so many parallel steps, each revealing several random bits at once. The
            measured cost in nats (see `penalty`) is put into the provenance.

        Raises `InputError` unless `shots` is a positive whole number, and for a seed, bits, values,
        an order or steps that do not exist, or given bits of probability zero.
        """
        shots = arguments.check_whole(shots, "shots")
        known = arguments.check_given(given, self.num_bits)
        steps = arguments.check_decoding(order, steps, self.num_bits - len(known))
        generator = arguments.generator_of(seed)
        provenance: dict[str, Any] = {
            "source": "surrogate",
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
            "trained_on": self.card.get("trained_on", {}),
        }
        if known:
            provenance["given"] = {str(bit): value for bit, value in known.items()}
            if self.num_bits > self._table_bits and self.weights.get(Part.RECURRENT):
                provenance["left_out"] = [Part.RECURRENT.value]
        law: Law
        if steps is not None:
            law, penalty = self._in_steps(steps, known)
            provenance |= {"steps": steps, "penalty_nats": penalty}
        elif known:
            law = self._conditional(known)
        else:
            law = self._sampled_law(shots)
        words, counts = law.draw(shots, generator)
        return Shots.from_words(words, counts, registers=self.registers, provenance=provenance)

    def log_prob(self, bits: ArrayLike, *, given: Given | None = None) -> NDArray[np.float64]:
        """Exact log-probability of each row in nats, ``(m, n) -> (m,)``.

        With `given`, conditional on the values of some bits: ``-inf`` for rows that differ there.
        Up to 22 bits this is the conditional law of `distribution`. Beyond, each order of the
        diffusion part decodes the given bits first, which is exact for the ensemble of those
        orders; they agree with the fixed ones as far as training has made them. The recurrent part,
        which knows one order only, is left out there, and the others weigh the more.

        A surrogate of the bit-flip process has probabilities up to 12 bits only.

        Raises `InputError` for rows of another width or entries other than 0 and 1, as `sample`
        does for given bits, and where the bit-flip process has no probabilities.
        """
        rows = bitorder.as_bits(bits, self.num_bits)
        known = arguments.check_given(given, self.num_bits)
        return (self._conditional(known) if known else self._law).log_prob(rows)

    def marginal(
        self, bits: Sequence[int], *, shots: int = 100_000, seed: Seed = 0
    ) -> Distribution:
        """The law of some of the bits, in the order asked for, ``2^k`` probabilities.

        Up to 22 bits (12 for the bit-flip process) it is the exact marginal of `distribution`.
        Beyond, the networks' parts are estimated, without bias, by the frequencies among `shots`
        draws from each, and the others are exact; `standard_error` states the error. At most 20
        bits there.

        Raises `InputError` for bits that do not exist or come twice.
        """
        kept = arguments.check_bits(bits, self.num_bits)
        shots, generator = arguments.check_whole(shots, "shots"), arguments.generator_of(seed)
        provenance = {"source": "surrogate", "bits": kept}
        if self.num_bits <= self._table_bits:
            return Distribution(probabilities=self._table_law.marginal(kept), provenance=provenance)
        if len(kept) > MAX_MARGINAL_BITS:
            raise InputError(f"a marginal takes at most {MAX_MARGINAL_BITS} bits, got {len(kept)}")
        table, error = questions.estimated_marginal(
            self.parts, self.weights, kept, shots, self.registers, generator
        )
        return Distribution(
            probabilities=table / table.sum(),
            standard_error=error,
            provenance={**provenance, "shots_drawn": shots},
        )

    def penalty(self, steps: int) -> tuple[float, float]:
        """What decoding the diffusion part in `steps` parallel steps costs, and its standard error.

        In nats, as `unmasking_schedule.factorisation_penalty` defines it, measured
        on strings drawn from the model. Raises `InputError` for a surrogate without a masked
        diffusion part or a number of steps outside 1 to n.
        """
        steps = arguments.check_steps(steps, self.num_bits)
        schedule = UnmaskingSchedule.uniform(self.num_bits, steps=steps)
        return questions.mean_penalty(self._profiles, schedule)

    def distribution(self) -> Distribution:
        """All ``2^n`` probabilities, exactly normalised. Cached.

        Raises `InputError` beyond 22 bits, or 12 for the bit-flip process.
        """
        if self.num_bits > MAX_EXACT_BITS:
            raise InputError(
                f"a table of {self.num_bits} bits is out of reach (the limit is {MAX_EXACT_BITS}); "
                "use log_prob or sample"
            )
        provenance = {"source": "surrogate", "trained_on": self.card.get("trained_on", {})}
        return Distribution(
            probabilities=self._table, registers=self.registers, provenance=provenance
        )

    def only(self, *kept: Part) -> Surrogate:
        """The surrogate without its other parts, weights rescaled: what each part brings.

        Raises `InputError` when a part is absent or none has weight.
        """
        if not kept or not set(kept) <= set(self.parts):
            raise InputError(f"this surrogate has {[part.value for part in self.parts]}")
        total = sum(self.weights[part] for part in kept)
        if not total > 0:
            raise InputError(f"{[str(part) for part in kept]} have no weight in this surrogate")
        return Surrogate(
            parts={part: self.parts[part] for part in kept},
            weights={part: self.weights[part] / total for part in kept},
            registers=self.registers,
            card=self.card,
        )

    def before_readout(self, confusion: Confusion | None = None) -> Surrogate:
        """The law before readout errors: positive, normalised, and an ordinary surrogate.

        The circuit's part has its own law before readout. All other parts together are unfolded by
        maximum likelihood (`qdiff.models.readout.unfolding`), which needs a table.

        Parameters
        ----------
        confusion
            The readout; the one fitted with the circuit if not given. It is undone for the other
            parts: the circuit's law has none before readout, whatever the readout is.

        Raises `InputError` without either, and beyond 22 bits for a surrogate of other parts.
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
            laws[Part.UNFOLDED] = TableLaw.of(
                unfold(confusion, self.only(*rest).distribution().probabilities)
            )
            weights[Part.UNFOLDED] = sum(self.weights[part] for part in rest)
        card = {**self.card, "before_readout": True}
        return Surrogate(parts=laws, weights=weights, registers=self.registers, card=card)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file with the card in its header; needs no Qiskit to load.

        An existing `path` is refused unless `force`.
        """
        tensors, described = part_files.to_file(self.parts)
        metadata = {
            "registers": registers_to_json(self.registers),
            "weights": {part.value: self.weights[part] for part in self.parts},
            "parts": described,
            "card": self.card,
        }
        storage.write(path, storage.Kind.SURROGATE, tensors, metadata, force=force)

    @classmethod
    def load(cls, path: str | Path, *, device: str | torch.device = "cpu") -> Surrogate:
        """Read what `save` wrote.

        Raises `InputError` for any other or damaged file, and for a device that cannot be used.
        """
        where = arguments.check_device(device)
        content = storage.read(path, storage.Kind.SURROGATE)
        registers = registers_in(content)
        num_bits = sum(register.size for register in registers)
        weights = part_files.weights_in(content)
        parts = {part: part_files.from_file(content, part, num_bits, where) for part in weights}
        return cls(
            parts=parts, weights=weights, registers=registers, card=content.json_object("card")
        )

    def _sampled_law(self, shots: int) -> AnyOrderLaw:
        """The table where it costs less than splitting so many shots; by size alone, so that a
        seed's shots do not depend on what was asked before."""
        few = self.num_bits <= min(_QUICK_TABLE_BITS, self._table_bits)
        pays = self.num_bits <= self._table_bits and 4 * shots >= 1 << self.num_bits
        return self._table_law if few or pays else self._law

    def _conditional(self, known: Given) -> AnyOrderLaw:
        """The law of all bits given some."""
        law = self._table_law if self.num_bits <= self._table_bits else self._any_order_law
        log_prob, conditional = law.condition(known)
        _check_possible(log_prob, known)
        return conditional

    def _in_steps(self, steps: int, known: Given) -> tuple[Law, list[float]]:
        """The mixture with its diffusion part decoded in parallel, and what that costs in nats."""
        tabulated = self.num_bits <= self._table_bits
        log_prob, weight, law = questions.mixture_in_steps(
            self.parts, self.weights, steps, known, tabulated=tabulated
        )
        _check_possible(log_prob, known)
        hidden = self.num_bits - len(known)
        if steps == hidden:
            return law, [0.0, 0.0]
        profiles = questions.measured_profiles(self.parts, known) if known else self._profiles
        schedule = UnmaskingSchedule.uniform(hidden, steps=steps)
        penalty = questions.mean_penalty(profiles, schedule)
        return law, [weight * value for value in penalty]

    @property
    def _table_bits(self) -> int:
        """Up to how many bits there is a table; the bit-flip process has one up to fewer."""
        diffusion = self.parts.get(Part.DIFFUSION)
        flips = diffusion is not None and isinstance(members(diffusion)[0], BitFlipLaw)
        return min(MAX_EXACT_BITS, MAX_BITFLIP_BITS) if flips else MAX_EXACT_BITS

    @cached_property
    def _any_order_law(self) -> AnyOrderMixture:
        return questions.any_order_mixture(self.parts, self.weights)

    @cached_property
    def _profiles(self) -> list[EntropyProfile]:
        return questions.measured_profiles(self.parts, {})

    @cached_property
    def _table(self) -> NDArray[np.float64]:
        table = self._law.table()
        table /= table.sum()  # float64 dust
        table.flags.writeable = False
        return table

    @cached_property
    def _table_law(self) -> TableLaw:
        return TableLaw.of(self._table)

    def __repr__(self) -> str:
        weights = ", ".join(f"{part.value} {weight:.3f}" for part, weight in self.weights.items())
        return f"Surrogate(num_bits={self.num_bits}, {weights})"

    def _repr_html_(self) -> str:
        weights = {part.value: weight for part, weight in self.weights.items()}
        return surrogate_html(
            self.registers, self.card, weights, lambda: self.distribution().probabilities
        )


def _check_possible(log_prob: float, known: Given) -> None:
    if not np.isfinite(log_prob):
        raise InputError(f"the given bits {known} have probability zero in this surrogate")
