"""Reversing the masking process one bit at a time, along a fixed order.

Along an order ``s`` the law is ``q_s(x) = prod_j q(x_{s_j} | x_{s_1} ... x_{s_{j-1}})``: exactly
normalised, evaluated with ``n`` network rows a string, and sampled without one call a bit a shot.
A surrogate mixes several orders (`OrderEnsemble`), which by convexity of the KL divergence is
never worse than the mean order.

Everything here walks the tree of prefixes depth first, many prefixes at a time: a table follows
all of them, a marginal stops early, a draw follows those that some shot has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.models.diffusion.denoisers.config import NetworkConfig
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, Memory, spins
from qdiff.models.diffusion.processes import masking
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import AnyOrderMixture

Orders = NDArray[np.int64]

Payload = NDArray[Any]
"""What each prefix carries: its number of shots, or its log-probability."""

_Children = tuple[Payload, Payload, NDArray[np.bool_], NDArray[np.bool_]]
"""Of each prefix: what its zero and its one would carry, and whether there are these children."""

_CHUNK_ROWS, _CHUNK_BYTES = 1 << 12, 1 << 24
"""Network rows at a time, and bytes of what the network remembers of them: a CPU's caches."""

_ACCELERATOR_ROWS, _ACCELERATOR_BYTES = 1 << 15, 1 << 30
"""The same elsewhere: enough to keep a device busy."""


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

    @torch.inference_mode()
    def log_prob(self, bits: Bits) -> Floats:
        """Exact log-probability of each row, ``(m, n) -> (m,)``, in nats."""
        order = torch.tensor(self.order, device=self._device)
        rows = max(1, self._chunk_rows(None) // self.num_bits)
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

        def split(counts: Payload, logits: Tensor) -> _Children:
            ones = _binomial(counts, torch.sigmoid(logits).cpu().numpy(), generator)
            return counts - ones, ones, counts > ones, ones > 0

        # two growing buffers: an array a chunk would lie scattered between the freed activations
        words, numbers = bytearray(), bytearray()
        for bits, counts in self._leaves(self.num_bits, np.array([shots]), split):
            words += bitorder.pack(bits).tobytes()
            numbers += counts.tobytes()
        rows = np.frombuffer(words, np.uint64).reshape(-1, bitorder.num_words(self.num_bits))
        return rows, np.frombuffer(numbers, np.int64)

    def _leaf_table(self, kept: Sequence[int]) -> Floats:
        """Probabilities of the first bits of the order, indexed by `kept`'s order."""
        free = sum(bit not in self.given for bit in kept)
        table = np.zeros(1 << len(kept))

        def split(logs: Payload, logits: Tensor) -> _Children:
            zero, one = (logs + logsigmoid(sign * logits).cpu().numpy() for sign in (-1, 1))
            every = np.ones(len(logs), dtype=bool)
            return zero, one, every, every

        for bits, logs in self._leaves(len(self.given) + free, np.zeros(1), split):
            index = bitorder.to_indices(bitorder.pack(bits[:, list(kept)]), len(kept))
            table[index] = np.exp(logs)
        return table

    @torch.inference_mode()
    def _leaves(
        self, length: int, payload: Payload, split: Callable[[Payload, Tensor], _Children]
    ) -> Iterator[tuple[Bits, Payload]]:
        """Prefixes of `length` bits, as rows of bits, with what `split` made of the `payload`."""
        waiting = [replace(self._root()[0], payload=payload)]
        while waiting:
            prefixes = waiting.pop()
            while prefixes.position < length:
                logits, memory = self._step(prefixes)
                children = split(prefixes.payload, logits)
                prefixes, *rest = self._extend(prefixes, memory, children)
                # the network can be asked anew; what it remembers of all that waits fits nowhere
                waiting += [replace(part, memory=None) for part in rest]
            yield (prefixes.states > 0).cpu().numpy().view(np.uint8), prefixes.payload

    @torch.inference_mode()
    def _root(self) -> tuple[_Prefixes, float]:
        """The prefix of given bits, and its log-probability."""
        states = torch.zeros(1, self.num_bits, dtype=torch.int8, device=self._device)
        root = _Prefixes(position=0, states=states, memory=None, payload=np.zeros(1))
        for value in self.given.values():
            logits, memory = self._step(root)
            log_prob = root.payload + logsigmoid(logits if value else -logits).cpu().numpy()
            is_one = np.array([value == 1])
            (root,) = self._extend(root, memory, (log_prob, log_prob, ~is_one, is_one))
        return root, float(root.payload[0])

    def _step(self, prefixes: _Prefixes) -> tuple[Tensor, Memory]:
        logits, memory = self.network.step(
            prefixes.states, self.order, prefixes.position, prefixes.memory
        )
        # float64 from here on: float32 uniforms or sigmoids bias rare bits
        return logits.double(), memory

    def _extend(self, prefixes: _Prefixes, memory: Memory, children: _Children) -> list[_Prefixes]:
        """The prefixes one bit longer, in as many parts as chunks need.

        A parent's first child takes its place; the second, which is a one, comes behind them all.
        """
        zero, one, has_zero, has_one = children
        second = np.flatnonzero(has_zero & has_one)
        twins = torch.from_numpy(second).to(self._device)
        values = torch.from_numpy(~has_zero).to(self._device)
        states = _with_twins(prefixes.states, twins)
        states[:, self.order[prefixes.position]] = 1
        states[: len(values), self.order[prefixes.position]] = 2 * values.to(torch.int8) - 1
        longer = _Prefixes(
            position=prefixes.position + 1,
            states=states,
            memory=None if memory is None else _with_twins(memory, twins),
            payload=np.concatenate([np.where(has_zero, zero, one), one[second]]),
        )
        return longer.parts(self._chunk_rows(memory))

    def _chunk_rows(self, memory: Memory) -> int:
        rows, size = _CHUNK_ROWS, _CHUNK_BYTES
        if self._device.type != "cpu":
            rows, size = _ACCELERATOR_ROWS, _ACCELERATOR_BYTES
        if memory is None:
            return rows
        return max(1, min(rows, size // (memory[0].numel() * memory.element_size())))

    def _spins(self, bits: Bits) -> Tensor:
        return spins(torch.from_numpy(np.ascontiguousarray(bits)).to(self._device))


class OrderEnsemble(AnyOrderMixture):
    """A `network`, built from `config`, decoded along each of `orders`.

    ``q(x) = sum_m w_m q_{s_m}(x)`` is exactly normalised, evaluated and sampled.

    Parameters
    ----------
    orders
        ``(M, n)``, a permutation of the bits a row.
    shares
        ``(M,)``, how much each order weighs; equally if not given.
    any_order
        Whether the network knows other orders too; where it does not, it is not asked for them.
    """

    def __init__(
        self,
        network: Denoiser,
        config: NetworkConfig,
        orders: Orders,
        shares: Floats | None = None,
        *,
        any_order: bool = True,
    ) -> None:
        self.any_order = any_order
        self.shares = np.full(len(orders), 1 / len(orders)) if shares is None else shares
        decoders = [OrderedDecoder(network, order) for order in orders.tolist()]
        super().__init__(decoders, self.shares.tolist())
        self.network, self.config, self.orders = network, config, orders


def random_orders(number: int, num_bits: int, generator: np.random.Generator) -> Orders:
    """Uniformly random permutations, ``(number, num_bits)``."""
    return np.stack([generator.permutation(num_bits) for _ in range(number)])


@dataclass(frozen=True, eq=False, kw_only=True)
class _Prefixes:
    """Distinct prefixes of one order: bits before `position` are decided, the others hidden."""

    position: int
    states: Tensor
    memory: Memory
    payload: Payload

    def parts(self, size: int) -> list[_Prefixes]:
        """Parts of at most `size` rows, and of equal size up to rounding."""
        number = -(-len(self.payload) // size)
        edges = [part * len(self.payload) // number for part in range(number + 1)]
        return [self._rows(slice(a, b)) for a, b in pairwise(edges)] if number > 1 else [self]

    def _rows(self, rows: slice) -> _Prefixes:
        memory = None if self.memory is None else self.memory[rows]
        return replace(self, states=self.states[rows], memory=memory, payload=self.payload[rows])


def _with_twins(rows: Tensor, twins: Tensor) -> Tensor:
    return torch.cat([rows, rows[twins]]) if len(twins) else rows


def _binomial(counts: Payload, chances: Floats, generator: np.random.Generator) -> Payload:
    """How many of `counts` trials succeed; single trials, which most are, by one comparison."""
    successes = (generator.random(len(counts)) < chances).astype(np.int64)
    many = np.flatnonzero(counts > 1)
    successes[many] = generator.binomial(counts[many], chances[many])
    return successes
