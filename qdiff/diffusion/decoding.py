"""Reversing the masking process one bit at a time, along a fixed order.

Along an order ``s`` the law is ``q_s(x) = prod_j q(x_{s_j} | x_{s_1} ... x_{s_{j-1}})``: exactly
normalised, evaluated with ``n`` network rows a string, and sampled without one call a bit a shot.
A surrogate mixes several orders (`qdiff.laws.Mixture`), which by convexity of the KL divergence is
never worse than the mean order.

Everything here walks the tree of prefixes depth first, many prefixes at a time: a table follows
all of them, a marginal stops early, a draw follows those that some shot has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qdiff import bits as bitorder
from qdiff.bits import Bits, Counts, Words
from qdiff.diffusion import masking
from qdiff.diffusion.denoiser import Denoiser, Memory, spins
from qdiff.laws import AnyOrderLaw, Floats

Payload = NDArray[Any]
"""What each prefix carries: its number of shots, or its log-probability."""

_CHUNK_ROWS = 1 << 15
"""Network rows at a time: large enough to keep a device busy, small enough for any memory."""

_CHUNK_BYTES = 1 << 27
"""What the network may remember of the prefixes worked on at a time."""


class OrderedDecoder(AnyOrderLaw):
    """The law of a masked diffusion `network` decoded along `order`, a permutation of the bits.

    Bits that are `given` come first in the order and are certain: the law is then the conditional
    one.
    """

    def __init__(
        self, network: Denoiser, order: Sequence[int], given: Mapping[int, int] | None = None
    ) -> None:
        self.network = network
        self.given = dict(given or {})
        rest = (int(bit) for bit in order if bit not in self.given)
        self.order = (*self.given, *rest)
        self.num_bits = len(self.order)
        self._device = next(network.parameters()).device

    @torch.no_grad()
    def log_prob(self, bits: Bits) -> Floats:
        """Exact log-probability of each row, ``(m, n) -> (m,)``, in nats."""
        order = torch.tensor(self.order, device=self._device)
        rows = max(1, _CHUNK_ROWS // self.num_bits)
        parts = [
            -masking.ordered_surprise(self.network, self._spins(bits[start : start + rows]), order)
            for start in range(0, len(bits), rows)
        ]
        logs = torch.cat(parts).cpu().numpy() if parts else np.zeros(0)
        if not self.given:
            return logs
        agrees = (bits[:, [*self.given]] == [*self.given.values()]).all(axis=1)
        return np.where(agrees, logs - self._root()[1], -np.inf)

    def table(self) -> Floats:
        """All ``2^n`` probabilities from ``2^n - 1`` network rows, one a prefix."""
        return self._leaf_table(range(self.num_bits))

    def marginal(self, bits: Sequence[int]) -> Floats:
        """The law of `bits` where they are decoded first, ``2^k`` probabilities from as many rows.

        It is the marginal of this order's law when `bits` are the order's first, and otherwise of
        another order's: a network's orders agree only as far as training has made them.
        """
        rest = [bit for bit in self.order if bit not in bits]
        return OrderedDecoder(self.network, [*bits, *rest], self.given)._leaf_table(bits)

    def condition(self, given: Mapping[int, int]) -> tuple[float, OrderedDecoder]:
        """The law given some bits, which are decoded first; see `marginal` on orders."""
        law = OrderedDecoder(self.network, self.order, {**self.given, **given})
        before = self._root()[1] if self.given else 0.0
        return law._root()[1] - before, law

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Split `shots` down the prefix tree, a binomial at each node, depth first.

        Only prefixes that some shot has are followed and equal ones cost once, so the work is
        bounded by distinct prefixes and the memory by a few chunks, whatever `shots` is.
        """

        def split(counts: Payload, logits: Floats) -> _Children:
            ones = generator.binomial(counts, _sigmoid(logits))
            return _Children.of(
                np.concatenate([counts - ones, ones]), alive=lambda count: count > 0
            )

        leaves = [
            (bitorder.pack(bits), counts)
            for bits, counts in self._leaves(self.num_bits, np.array([shots]), split)
        ]
        return (
            np.concatenate([words for words, _ in leaves]),
            np.concatenate([counts for _, counts in leaves]),
        )

    def _leaf_table(self, kept: Sequence[int]) -> Floats:
        """Probabilities of the first bits of the order, indexed by `kept`'s order."""
        free = sum(bit not in self.given for bit in kept)
        table = np.zeros(1 << len(kept))

        def split(logs: Payload, logits: Floats) -> _Children:
            zero, one = -np.logaddexp(0, logits), -np.logaddexp(0, -logits)
            return _Children.of(np.concatenate([logs + zero, logs + one]))

        for bits, logs in self._leaves(len(self.given) + free, np.zeros(1), split):
            index = bitorder.to_indices(bitorder.pack(bits[:, list(kept)]), len(kept))
            table[index] = np.exp(logs)
        return table

    @torch.no_grad()
    def _leaves(
        self,
        length: int,
        payload: Payload,
        split: Callable[[Payload, Floats], _Children],
    ) -> Iterator[tuple[Bits, Payload]]:
        """Prefixes of `length` bits, as rows of bits, with what `split` made of the `payload`."""
        stack = [(self._root()[0], payload)]
        while stack:
            prefixes, payload = stack.pop()
            if prefixes.position == length:
                yield (prefixes.states > 0).cpu().numpy().astype(np.uint8), payload
                continue
            logits, memory = self._step(prefixes)
            children = split(payload, logits)
            size = _chunk_rows(memory)
            for start in range(0, len(children.payload), size):
                part = children.rows(slice(start, start + size))
                stack.append((self._extend(prefixes, memory, part), part.payload))

    @torch.no_grad()
    def _root(self) -> tuple[_Prefixes, float]:
        """The prefix of given bits, and its log-probability."""
        states = torch.zeros(1, self.num_bits, dtype=torch.int8, device=self._device)
        root, log_prob = _Prefixes(position=0, states=states, memory=None), 0.0
        for value in self.given.values():
            logits, memory = self._step(root)
            log_prob -= float(np.logaddexp(0, -logits[0] if value else logits[0]))
            child = _Children(parents=np.zeros(1, int), values=np.array([value]), payload=logits)
            root = self._extend(root, memory, child)
        return root, log_prob

    def _step(self, prefixes: _Prefixes) -> tuple[Floats, Memory]:
        states = prefixes.states.float()
        logits, memory = self.network.step(states, self.order, prefixes.position, prefixes.memory)
        return logits.double().cpu().numpy(), memory

    def _extend(self, prefixes: _Prefixes, memory: Memory, children: _Children) -> _Prefixes:
        parents = torch.from_numpy(children.parents).to(self._device)
        values = torch.from_numpy(children.values).to(self._device)
        states = prefixes.states[parents]
        states[:, self.order[prefixes.position]] = (2 * values - 1).to(torch.int8)
        return _Prefixes(
            position=prefixes.position + 1,
            states=states,
            memory=None if memory is None else memory[parents],
        )

    def _spins(self, bits: Bits) -> Tensor:
        return spins(torch.from_numpy(np.ascontiguousarray(bits)).to(self._device))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Prefixes:
    """Distinct prefixes of one order: bits before `position` are decided, the others hidden."""

    position: int
    states: Tensor
    memory: Memory


@dataclass(frozen=True, eq=False, kw_only=True)
class _Children:
    """Prefixes one bit longer: whose child each is, the new bit's value, and what it carries."""

    parents: NDArray[np.int64]
    values: NDArray[np.int64]
    payload: Payload

    @classmethod
    def of(
        cls,
        payload: Payload,
        alive: Callable[[Payload], NDArray[np.bool_]] | None = None,
    ) -> _Children:
        """All children of some prefixes, zeros before ones, or those of them that are `alive`."""
        number = len(payload) // 2
        kept = np.arange(len(payload)) if alive is None else np.flatnonzero(alive(payload))
        return cls(parents=kept % number, values=kept // number, payload=payload[kept])

    def rows(self, chunk: slice) -> _Children:
        return _Children(
            parents=self.parents[chunk], values=self.values[chunk], payload=self.payload[chunk]
        )


def _chunk_rows(memory: Memory) -> int:
    if memory is None:
        return _CHUNK_ROWS
    return max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // (memory[0].numel() * memory.element_size())))


def _sigmoid(logits: Floats) -> Floats:
    # float64 throughout: float32 uniforms or sigmoids bias rare bits
    return np.exp(-np.logaddexp(0, -logits))
