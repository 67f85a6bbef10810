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
from qdiff import storage
from qdiff.bits import Register
from qdiff.diffusion.decoding import OrderedDecoder
from qdiff.diffusion.networks import ResidualMLP
from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.laws import AnyOrderLaw, HistogramLaw, Mixture, TableLaw
from qdiff.shots import Seed, Shots, registers_from_json, registers_to_json

MAX_EXACT_BITS = 22
"""`Surrogate.distribution` decodes ``2^n`` prefixes an order; beyond this, evaluate and sample."""

_QUICK_TABLE_BITS = 16
"""Up to here the table is built at the first draw, since it costs less than a second or two."""


class Part(StrEnum):
    """What a surrogate's law is mixed from."""

    DIFFUSION = "diffusion"
    INTERACTIONS = "interactions"
    SHOTS = "shots"


class Surrogate:
    """A law over bitstrings, mixed from a masked diffusion model and what helps it.

    ``q(x) = w_d 1/M sum_m q_{s_m}(x) + w_i q_i(x) + w_s c(x)/N``: the diffusion model decoded along
    ``M`` fixed orders, the log-linear law of interactions (`qdiff.interactions`), and the training
    shots themselves (the mean of a Dirichlet posterior). Held-out shots decide the weights;
    `card` states them and everything else about the fit. Build one with `qdiff.fit`.

    Attributes
    ----------
    parts, weights
        The laws and their weights, which sum to one; parts of weight zero may be absent.
    registers
        The classical registers of the shots it was fitted to.
    card
        The model card, as JSON.
    """

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
        self._law = Mixture([*self.parts.values()], [self.weights[part] for part in self.parts])

    @property
    def num_bits(self) -> int:
        return self._law.num_bits

    def sample(self, shots: int, *, seed: Seed = None) -> Shots:
        """Draw new shots; the same `seed` gives the same shots.

        Up to 16 bits, or once `distribution` has been asked for, draws come from the cached table;
        beyond, counts are split down the prefix tree of each order. Raises `InputError` unless
        `shots` is a positive whole number.
        """
        if isinstance(shots, bool) or not isinstance(shots, int | np.integer) or shots < 1:
            raise InputError(f"shots must be a positive whole number, got {shots!r}")
        generator = np.random.default_rng(seed)
        ready = self.num_bits <= _QUICK_TABLE_BITS or "_table" in self.__dict__
        law = TableLaw(self._log_table) if ready else self._law
        words, counts = law.draw(int(shots), generator)
        provenance = {
            "source": "surrogate",
            "seed": seed if isinstance(seed, int) else None,
            "trained_on": self.card.get("trained_on", {}),
        }
        return Shots.from_words(words, counts, registers=self.registers, provenance=provenance)

    def log_prob(self, bits: ArrayLike) -> NDArray[np.float64]:
        """Exact log-probability of each row in nats, ``(m, n) -> (m,)``.

        Raises `InputError` for rows of another width or entries other than 0 and 1.
        """
        return self._law.log_prob(bitorder.as_bits(bits, self.num_bits))

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

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file with the card in its header; needs no Qiskit to load.

        An existing `path` is refused unless `force`.
        """
        tensors: dict[str, NDArray[Any]] = {}
        for part, law in self.parts.items():
            tensors |= _TENSORS[part](law)
        metadata = {
            "registers": registers_to_json(self.registers),
            "weights": {part.value: self.weights[part] for part in self.parts},
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
        parts = {part: _READERS[part](content, num_bits, torch.device(device)) for part in weights}
        return cls(
            parts=parts, weights=weights, registers=registers, card=content.json_object("card")
        )

    @cached_property
    def _table(self) -> NDArray[np.float64]:
        table = self._law.table()
        table /= table.sum()  # float64 dust
        table.flags.writeable = False
        return table

    @cached_property
    def _log_table(self) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.log(self._table)

    def __repr__(self) -> str:
        weights = ", ".join(f"{part.value} {weight:.3f}" for part, weight in self.weights.items())
        return f"Surrogate(num_bits={self.num_bits}, {weights})"


def diffusion_law(network: ResidualMLP, orders: NDArray[np.int64]) -> Mixture:
    """The masked diffusion model decoded along each of `orders`, ``(M, n)``, with equal weight."""
    decoders = [OrderedDecoder(network, order) for order in orders.tolist()]
    return Mixture(decoders, [1.0] * len(decoders))


def _diffusion_tensors(law: Any) -> dict[str, NDArray[Any]]:
    decoders = law.laws
    state = decoders[0].network.state_dict()
    tensors = {f"network.{name}": tensor.cpu().numpy() for name, tensor in state.items()}
    return tensors | {"orders": np.array([decoder.order for decoder in decoders], dtype=np.int64)}


def _interaction_tensors(law: Any) -> dict[str, NDArray[Any]]:
    return {"interactions.log_probabilities": law.log_probabilities}


def _shots_tensors(law: Any) -> dict[str, NDArray[Any]]:
    return {"shots.words": law.shots.words, "shots.counts": law.shots.counts}


def _read_diffusion(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    orders = content.array("orders", np.int64, ndim=2)
    whole = np.arange(num_bits)
    if orders.shape[1:] != whole.shape or not (np.sort(orders, axis=1) == whole).all():
        raise InputError(f"{content.path} is damaged: its orders do not permute {num_bits} bits")
    prefix = "network."
    state = {
        name.removeprefix(prefix): torch.from_numpy(tensor)
        for name, tensor in content.tensors.items()
        if name.startswith(prefix)
    }
    width = content.array("network.embed.bias", np.float32, ndim=1).shape[0]
    depth = sum(name.endswith("inner.bias") for name in state)
    with torch.device("meta"):  # shapes are compared before memory is taken
        network = ResidualMLP(num_bits, width=width, depth=depth)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise InputError(f"{content.path} is damaged: {storage.one_line(error)}") from None
    return diffusion_law(network.to(device), orders)


def _read_interactions(
    content: storage.Content, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    logs = content.array("interactions.log_probabilities", np.float64, ndim=1)
    if len(logs) != 1 << num_bits or not abs(np.exp(logs).sum() - 1) < 1e-9:
        raise InputError(f"{content.path} is damaged: its interaction law does not sum to one")
    return TableLaw(logs)


def _read_shots(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    registers = registers_from_json(content.metadata.get("registers"))
    words = content.array("shots.words", np.uint64, ndim=2)
    counts = content.array("shots.counts", np.int64, ndim=1)
    return HistogramLaw(Shots(words=words, counts=counts, registers=registers))


_TENSORS = {
    Part.DIFFUSION: _diffusion_tensors,
    Part.INTERACTIONS: _interaction_tensors,
    Part.SHOTS: _shots_tensors,
}
_READERS = {
    Part.DIFFUSION: _read_diffusion,
    Part.INTERACTIONS: _read_interactions,
    Part.SHOTS: _read_shots,
}


def _read_weights(content: storage.Content) -> dict[Part, float]:
    raw = content.json_object("weights")
    try:
        weights = {Part(name): float(weight) for name, weight in raw.items()}
    except (ValueError, TypeError):
        raise InputError(f"{content.path} is damaged: its weights are {raw!r}") from None
    if not all(0 <= w <= 1 for w in weights.values()) or abs(sum(weights.values()) - 1) > 1e-9:
        raise InputError(f"{content.path} is damaged: its weights are {raw!r}")
    return weights
