"""`Surrogate`: the fitted law of a circuit's outcomes, which samples, evaluates and saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qdiff.data import argument_checks as arguments
from qdiff.data import bits as bitorder
from qdiff.data import storage
from qdiff.data.argument_checks import Given, Order
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register, registers_in, registers_to_json, width_of
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.models.laws.law import Law
from qdiff.models.readout.confusion import Confusion
from qdiff.models.surrogate import part_files
from qdiff.models.surrogate.notebook_html import surrogate_html
from qdiff.models.surrogate.part import Part, Parts, Weights
from qdiff.models.surrogate.part_mixture import PartMixture
from qdiff.tables import Tabular, flat

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_MARGINAL_BITS = 20
"""Bits that `Surrogate.marginal` takes beyond the reach of a table."""


class Surrogate(Tabular):
    """A law over bitstrings, mixed from a diffusion model and what helps it.

    ``q(x) = w_d sum_m a_m q_{s_m}(x) + w_i q_i(x) + w_m q_m(x) + w_s c(x)/N``: the masked diffusion
    model decoded along a few orders ``s_m`` of shares ``a_m``, the log-linear law of interactions
    (`interactions`), a matrix-product law (`matrix_product`), and the training shots themselves
    (the mean of a Dirichlet posterior). Held-out shots decide the weights; `card` states them and
    everything else about the fit. Build one with `qdiff.fit`. Those of earlier versions also have
    a recurrent network that reads the bits in their own order.

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
        parts: Parts,
        weights: Weights,
        registers: Sequence[Register],
        card: Mapping[str, Any],
    ) -> None:
        self._mixture = PartMixture(parts, weights)
        self.parts, self.weights = self._mixture.parts, self._mixture.weights
        self.registers = tuple(registers)
        self.card = dict(card)

    @property
    def num_bits(self) -> int:
        return self._mixture.num_bits

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
        law, decoding = self._law_to_draw(shots, known, steps)
        provenance = {
            "source": "surrogate",
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
            "trained_on": self.card.get("trained_on", {}),
            **decoding,
        }
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
        law = self._mixture.conditional(known) if known else self._mixture.law
        return law.log_prob(rows)

    def marginal(
        self,
        bits: Sequence[int],
        *,
        given: Given | None = None,
        shots: int = 100_000,
        seed: Seed = 0,
    ) -> Distribution:
        """The law of some of the bits, in the order asked for, ``2^k`` probabilities.

        With `given`, conditional on the values of some bits, as `log_prob` is.

        Up to 22 bits (12 for the bit-flip process) it is the exact marginal of `distribution`.
        Beyond, the networks' parts are estimated, without bias, by the frequencies among `shots`
        draws from each, and the others are exact; `standard_error` states the error. At most 20
        bits there.

        Raises `InputError` for bits that do not exist or come twice, and, as `sample`, for `given`.
        """
        kept = arguments.check_bits(bits, self.num_bits)
        known = arguments.check_given(given, self.num_bits)
        shots, generator = arguments.check_whole(shots, "shots"), arguments.generator_of(seed)
        provenance = {"source": "surrogate", "bits": kept, **self._given_and_left_out(known)}
        if self._mixture.has_table:
            law = self._mixture.conditional(known) if known else self._mixture.table_law
            return Distribution(probabilities=law.marginal(kept), provenance=provenance)
        if len(kept) > MAX_MARGINAL_BITS:
            raise InputError(f"a marginal takes at most {MAX_MARGINAL_BITS} bits, got {len(kept)}")
        mixture = self._mixture.conditioned(known) if known else self._mixture
        table, error = mixture.estimated_marginal(kept, shots, generator)
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
        return self._mixture.penalty(arguments.check_steps(steps, self.num_bits), {})

    def distribution(self) -> Distribution:
        """All ``2^n`` probabilities, exactly normalised. Cached.

        Raises `InputError` beyond 22 bits, or 12 for the bit-flip process.
        """
        provenance = {"source": "surrogate", "trained_on": self.card.get("trained_on", {})}
        return Distribution(
            probabilities=self._mixture.table, registers=self.registers, provenance=provenance
        )

    def only(self, *kept: Part) -> Surrogate:
        """The surrogate without its other parts, weights rescaled: what each part brings.

        Raises `InputError` when a part is absent or none has weight.
        """
        return self._with(self._mixture.only(*kept), self.card)

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
        if confusion is not None:
            arguments.check_is(confusion, Confusion, "confusion")
        card = {**self.card, "before_readout": True}
        return self._with(self._mixture.before_readout(confusion), card)

    def plot(
        self, ax: Axes | None = None, *, top: int = 16, label: str | None = None, seed: Seed = 0
    ) -> Axes:
        """Draw the likeliest strings as bars, and return the axes; see `Distribution.plot`.

        Where there is no table, those that are drawn most often with `seed`, at their own
        probability, or at their share among the drawn where that is all there is.
        """
        from qdiff.models.surrogate.picture import plot_surrogate

        return plot_surrogate(self, ax, top=top, label=label, seed=seed)

    def to_records(self) -> list[dict[str, Any]]:
        """The model card, a record an entry: ``entry``, nested names with dots, and ``value``."""
        return [{"entry": name, "value": value} for name, value in flat(self.card)]

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
        num_bits = width_of(registers)
        weights = part_files.weights_in(content)
        parts = {part: part_files.from_file(content, part, num_bits, where) for part in weights}
        return cls(
            parts=parts, weights=weights, registers=registers, card=content.json_object("card")
        )

    def _law_to_draw(
        self, shots: int, known: Given, steps: int | None
    ) -> tuple[Law, dict[str, Any]]:
        """The law that shots are drawn from, and what their provenance says of it."""
        record = self._given_and_left_out(known)
        if steps is not None:
            law, penalty = self._mixture.in_steps(steps, known)
            return law, {**record, "steps": steps, "penalty_nats": penalty}
        if known:
            return self._mixture.conditional(known), record
        return self._mixture.drawn_from(shots), record

    def _given_and_left_out(self, known: Given) -> dict[str, Any]:
        left_out = self._mixture.left_out(known)
        record = {"given": {str(bit): value for bit, value in known.items()}} if known else {}
        return {**record, "left_out": left_out} if left_out else record

    def _with(self, mixture: PartMixture, card: Mapping[str, Any]) -> Surrogate:
        """Another mixture for the same registers."""
        return Surrogate(
            parts=mixture.parts, weights=mixture.weights, registers=self.registers, card=card
        )

    def __repr__(self) -> str:
        weights = ", ".join(f"{part.value} {weight:.3f}" for part, weight in self.weights.items())
        return f"Surrogate(num_bits={self.num_bits}, {weights})"

    def _repr_html_(self) -> str:
        weights = {part.value: weight for part, weight in self.weights.items()}
        return surrogate_html(self.registers, self.card, weights, self.distribution)
