"""`Surrogate`: the fitted law of a circuit's outcomes, which samples, evaluates and saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qdiff import bits as bitorder
from qdiff import parts as part_files
from qdiff import storage
from qdiff.bits import Register
from qdiff.diffusion.bitflip_decoding import BitFlipLaw
from qdiff.diffusion.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.diffusion.ensemble import OrderEnsemble
from qdiff.diffusion.entropy_profile import EntropyProfile, entropy_profile
from qdiff.diffusion.unmasking import ParallelDecoder
from qdiff.diffusion.unmasking_schedule import UnmaskingSchedule
from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.laws import AnyOrderLaw, AnyOrderMixture, HistogramLaw, Law, Mixture, TableLaw
from qdiff.parts import Part
from qdiff.physics.circuit_law import CircuitLaw
from qdiff.physics.confusion import Confusion
from qdiff.physics.unfolding import unfold
from qdiff.shots import Seed, Shots, registers_from_json, registers_to_json

MAX_EXACT_BITS = 22
"""`Surrogate.distribution` decodes ``2^n`` prefixes an order; beyond this, evaluate and sample."""

MAX_MARGINAL_BITS = 20
"""Bits that `Surrogate.marginal` takes beyond the reach of a table."""

_QUICK_TABLE_BITS = 16
"""Up to here the table is built at the first draw, since it costs less than a second or two."""

_NETWORKS = (Part.DIFFUSION, Part.RECURRENT)
"""Parts that have no exact marginals beyond the reach of a table."""

_PROFILE_ROWS = 2000
"""Strings that the penalty of parallel decoding is measured on."""

Given = Mapping[int, int]
"""Values of some bits, ``{bit: value}``."""


class Order(StrEnum):
    """In which order the diffusion part is decoded: its fixed ones, or a random one a shot."""

    FIXED = "fixed"
    RANDOM = "random"


class Surrogate:
    """A law over bitstrings, mixed from a diffusion model and what helps it.

    ``q(x) = w_d 1/M sum_m q_{s_m}(x) + w_i q_i(x) + w_m q_m(x) + w_r q_r(x) + w_s c(x)/N``: the
    masked diffusion model decoded along ``M`` fixed orders, the log-linear law of interactions
    (`qdiff.interactions`), a matrix-product law (`qdiff.matrix_product`), a recurrent network that
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
        The model card, as JSON.
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
            `log_prob`).
        order
            ``"random"`` decodes one bit at a time along a random order a shot, the pure diffusion
            sampler.
        steps
            Decode in so many parallel steps, each revealing several random bits at once. The
            measured cost in nats (see `penalty`) is put into the provenance.

        Raises `InputError` unless `shots` is a positive whole number, for bits or values that do
        not exist or have probability zero, and for `given` with another decoding.
        """
        _check_shots(shots)
        steps = _steps(order, steps, self.num_bits)
        generator = np.random.default_rng(seed)
        provenance: dict[str, Any] = {
            "source": "surrogate",
            "seed": seed if isinstance(seed, int) else None,
            "trained_on": self.card.get("trained_on", {}),
        }
        law: Law
        if steps is not None:
            if given:
                raise InputError("given bits need the fixed orders; leave out order and steps")
            law, penalty = self._parallel(steps)
            provenance |= {"steps": steps, "penalty_nats": penalty}
        elif given:
            law = self._conditional(given)[1]
            provenance["given"] = {str(bit): int(value) for bit, value in given.items()}
        else:
            law = self._sampled_law(int(shots))
        words, counts = law.draw(int(shots), generator)
        return Shots.from_words(words, counts, registers=self.registers, provenance=provenance)

    def log_prob(self, bits: ArrayLike, *, given: Given | None = None) -> NDArray[np.float64]:
        """Exact log-probability of each row in nats, ``(m, n) -> (m,)``.

        With `given`, conditional on the values of some bits: ``-inf`` for rows that differ there.
        Up to 22 bits this is the conditional law of `distribution`. Beyond, each order of the
        diffusion part decodes the given bits first, which is exact for the ensemble of those
        orders; they agree with the fixed ones as far as training has made them. The recurrent part,
        which knows one order only, is left out there.

        Raises `InputError` for rows of another width or entries other than 0 and 1.
        """
        rows = bitorder.as_bits(bits, self.num_bits)
        return (self._conditional(given)[1] if given else self._law).log_prob(rows)

    def marginal(
        self, bits: Sequence[int], *, shots: int = 100_000, seed: Seed = 0
    ) -> Distribution:
        """The law of some of the bits, in the order asked for, ``2^k`` probabilities.

        Up to 22 bits it is the exact marginal of `distribution`. Beyond, the networks' parts are
        estimated, without bias, by the frequencies among `shots` draws from each, and the others
        are exact; `standard_error` states the error. At most 20 bits there.

        Raises `InputError` for bits that do not exist or come twice.
        """
        kept = [_check_bit(bit, self.num_bits) for bit in bits]
        if not kept or len(set(kept)) != len(kept):
            raise InputError(f"marginal needs one or more distinct bits, got {list(bits)}")
        provenance = {"source": "surrogate", "bits": kept}
        if self.num_bits <= self._table_bits:
            return Distribution(probabilities=self._table_law.marginal(kept), provenance=provenance)
        if len(kept) > MAX_MARGINAL_BITS:
            raise InputError(f"a marginal takes at most {MAX_MARGINAL_BITS} bits, got {len(kept)}")
        _check_shots(shots)
        table, error = self._estimated_marginal(kept, shots, np.random.default_rng(seed))
        return Distribution(
            probabilities=table / table.sum(),
            standard_error=error,
            provenance={**provenance, "shots_drawn": shots},
        )

    def penalty(self, steps: int) -> tuple[float, float]:
        """What decoding the diffusion part in `steps` parallel steps costs, and its standard error.

        In nats, as `qdiff.diffusion.unmasking_schedule.factorisation_penalty` defines it, measured
        on strings drawn from the model. Raises `InputError` for a surrogate without a masked
        diffusion part or a number of steps outside 1 to n.
        """
        return self._profile.penalty(self._schedule(steps))

    def distribution(self) -> Distribution:
        """All ``2^n`` probabilities, exactly normalised; for at most 22 bits. Cached."""
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
        missing = [part.value for part in kept if part not in self.parts]
        if missing or not kept:
            raise InputError(f"this surrogate has {[part.value for part in self.parts]}")
        total = sum(self.weights[part] for part in kept)
        if not total > 0:
            raise InputError(f"{[part.value for part in kept]} have no weight in this surrogate")
        return Surrogate(
            parts={part: self.parts[part] for part in kept},
            weights={part: self.weights[part] / total for part in kept},
            registers=self.registers,
            card=self.card,
        )

    def before_readout(self, confusion: Confusion | None = None) -> Surrogate:
        """The law before readout errors: positive, normalised, and an ordinary surrogate.

        The circuit's part has its own law before readout. All other parts together are unfolded by
        maximum likelihood (`qdiff.physics.unfolding`), which needs a table.

        Parameters
        ----------
        confusion
            The readout; the one fitted with the circuit if not given.

        Raises `InputError` without either, and beyond 22 bits for a surrogate of other parts.
        """
        circuit = self.parts.get(Part.CIRCUIT)
        laws: dict[Part, AnyOrderLaw] = {}
        if isinstance(circuit, CircuitLaw) and self.weights[Part.CIRCUIT] > 0:
            confusion = confusion or circuit.confusion
            silent = Confusion(num_bits=self.num_bits, factors=())
            laws[Part.CIRCUIT] = CircuitLaw(circuit.clean, silent, 0.0, circuit.marginals)
        if confusion is None:
            raise InputError("the readout is unknown: give its confusion, or fit with the circuit")
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
        """Read what `save` wrote. Raises `InputError` for any other or damaged file."""
        content = storage.read(path, storage.Kind.SURROGATE)
        registers = registers_from_json(content.metadata.get("registers"))
        num_bits = sum(register.size for register in registers)
        weights = _read_weights(content)
        where = torch.device(device)
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

    def _conditional(self, given: Given) -> tuple[float, AnyOrderLaw]:
        """The log-probability of the given bits, and the law of all bits given them."""
        checked = {_check_bit(bit, self.num_bits): _check_value(v) for bit, v in given.items()}
        law = self._table_law if self.num_bits <= self._table_bits else self._any_order_law
        log_prob, conditional = law.condition(checked)
        if not np.isfinite(log_prob):
            raise InputError(f"the given bits {checked} have probability zero in this surrogate")
        return log_prob, conditional

    def _estimated_marginal(
        self, kept: Sequence[int], shots: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """The mixture's marginal and, where networks were drawn from, its error."""
        table, variance = np.zeros(1 << len(kept)), np.zeros(1 << len(kept))
        for part, law in self.parts.items():
            weight = self.weights[part]
            if part not in _NETWORKS:
                table += weight * law.marginal(kept)
                continue
            words, counts = law.draw(shots, generator)
            drawn = Shots.from_words(words, counts, registers=self.registers)
            frequencies = HistogramLaw(drawn).marginal(kept)
            table += weight * frequencies
            # half a draw more, so that what was not drawn is not called certain
            rounded = (frequencies * shots + 0.5) / (shots + 1)
            variance += weight**2 * rounded * (1 - rounded) / shots
        return table, np.sqrt(variance) if variance.any() else None

    def _parallel(self, steps: int) -> tuple[Law, list[float]]:
        """The mixture with its diffusion part decoded in parallel, and what that costs in nats."""
        decoder = ParallelDecoder(self._ensemble.network, self._schedule(steps))
        penalty = (0.0, 0.0) if steps == self.num_bits else self.penalty(steps)
        weight = self.weights[Part.DIFFUSION]
        laws: dict[Part, Law] = {**self.parts, Part.DIFFUSION: decoder}
        mixture = Mixture([*laws.values()], [self.weights[part] for part in laws])
        return mixture, [weight * value for value in penalty]

    def _schedule(self, steps: int) -> UnmaskingSchedule:
        return UnmaskingSchedule.uniform(self.num_bits, steps=steps)

    @property
    def _table_bits(self) -> int:
        """Up to how many bits there is a table; the bit-flip process has one up to fewer."""
        flips = isinstance(self.parts.get(Part.DIFFUSION), BitFlipLaw)
        return min(MAX_EXACT_BITS, MAX_BITFLIP_BITS) if flips else MAX_EXACT_BITS

    @cached_property
    def _any_order_law(self) -> AnyOrderMixture:
        """The mixture without the part that knows one order only."""
        kept = [part for part in self.parts if part is not Part.RECURRENT]
        if not any(self.weights[part] for part in kept):
            raise InputError(
                f"a recurrent network answers about given bits up to {MAX_EXACT_BITS} bits only"
            )
        return AnyOrderMixture(
            [self.parts[part] for part in kept], [self.weights[part] for part in kept]
        )

    @property
    def _ensemble(self) -> OrderEnsemble:
        law = self.parts.get(Part.DIFFUSION)
        if not isinstance(law, OrderEnsemble):
            raise InputError("this surrogate has no masked diffusion model to decode in steps")
        return law

    @cached_property
    def _profile(self) -> EntropyProfile:
        generator = np.random.default_rng(0)
        words, counts = self._ensemble.draw(_PROFILE_ROWS, generator)
        rows = bitorder.unpack(np.repeat(words, counts, axis=0), self.num_bits)
        return entropy_profile(self._ensemble.network, rows, generator)

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


def _check_shots(shots: object) -> None:
    if isinstance(shots, bool) or not isinstance(shots, int | np.integer) or shots < 1:
        raise InputError(f"shots must be a positive whole number, got {shots!r}")


def _steps(order: Order | str, steps: int | None, num_bits: int) -> int | None:
    """Parallel steps to decode in; None is the fixed orders, ``n`` the random one."""
    if order not in list(Order):
        raise InputError(f"order must be 'fixed' or 'random', got {order!r}")
    if order == Order.FIXED:
        return steps
    if steps not in (None, num_bits):
        raise InputError("a random order decodes one bit a step; leave out steps or order")
    return num_bits


def _check_bit(bit: Any, num_bits: int) -> int:
    whole = isinstance(bit, int | np.integer) and not isinstance(bit, bool)
    if not whole or not 0 <= bit < num_bits:
        raise InputError(f"there is no bit {bit!r}; bits are 0 to {num_bits - 1}")
    return int(bit)


def _check_value(value: Any) -> int:
    if value not in (0, 1):
        raise InputError(f"a bit is 0 or 1, got {value!r}")
    return int(value)


def _read_weights(content: storage.Content) -> dict[Part, float]:
    raw = content.json_object("weights")
    try:
        weights = {Part(name): float(weight) for name, weight in raw.items()}
    except (ValueError, TypeError):
        raise InputError(f"{content.path} is damaged: its weights are {raw!r}") from None
    if not all(0 <= w <= 1 for w in weights.values()) or abs(sum(weights.values()) - 1) > 1e-9:
        raise InputError(f"{content.path} is damaged: its weights are {raw!r}")
    return weights
