"""Reversing the masking process one bit at a time, along a fixed order.

Along an order ``s`` the law is ``q_s(x) = prod_j q(x_{s_j} | x_{s_1} ... x_{s_{j-1}})``: exactly
normalised, evaluated with ``n`` network rows a string, and sampled without one call a bit a shot.
A surrogate mixes several orders (`qdiff.laws.Mixture`), which by convexity of the KL divergence is
never worse than the mean order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from qdiff import bits as bitorder
from qdiff.bits import Bits, Counts, Words
from qdiff.diffusion import masking

Floats = NDArray[np.float64]

_CHUNK_ROWS = 1 << 15
"""Network rows at a time: large enough to keep a device busy, small enough for any memory."""


class OrderedDecoder:
    """The law of a masked diffusion `network` decoded along `order`, a permutation of the bits."""

    def __init__(self, network: nn.Module, order: Sequence[int]) -> None:
        self.network = network
        self.order = tuple(int(bit) for bit in order)
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
        return torch.cat(parts).cpu().numpy() if parts else np.zeros(0)

    def table(self) -> Floats:
        """All ``2^n`` probabilities from ``2^n - 1`` network rows, one a prefix."""
        logs = np.zeros(1)
        for position in range(self.num_bits):
            logits = self._prefix_logits(position)
            zero, one = -np.logaddexp(0, logits), -np.logaddexp(0, -logits)
            logs = np.concatenate([logs + zero, logs + one])
        return _natural_order(np.exp(logs), self.order)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Split `shots` down the prefix tree, a binomial at each node, depth first.

        Only prefixes that some shot has are followed and equal ones cost once, so the work is
        bounded by distinct prefixes and the memory by a few chunks, whatever `shots` is.
        """
        leaves = list(self._leaves(shots, generator))
        return (
            np.concatenate([words for words, _ in leaves]),
            np.concatenate([counts for _, counts in leaves]),
        )

    def _leaves(self, shots: int, generator: np.random.Generator) -> Iterator[tuple[Words, Counts]]:
        root = np.zeros((1, self.num_bits), dtype=np.int8)
        stack = [(0, root, np.array([shots], dtype=np.int64))]
        while stack:
            position, states, counts = stack.pop()
            if position == self.num_bits:
                yield bitorder.pack((states > 0).astype(np.uint8)), counts
                continue
            states, counts = self._split(position, states, counts, generator)
            for start in range(0, len(states), _CHUNK_ROWS):
                chunk = slice(start, start + _CHUNK_ROWS)
                stack.append((position + 1, states[chunk], counts[chunk]))

    def _split(
        self,
        position: int,
        states: NDArray[np.int8],
        counts: Counts,
        generator: np.random.Generator,
    ) -> tuple[NDArray[np.int8], Counts]:
        """Give each prefix its next bit: how many of its shots go to 1 is binomial."""
        bit = self.order[position]
        ones = generator.binomial(counts, _sigmoid(self._logits(states, bit)))
        children = np.concatenate([counts - ones, ones])
        lengthened = np.concatenate([states, states])
        lengthened[: len(states), bit], lengthened[len(states) :, bit] = -1, 1
        alive = children > 0
        return lengthened[alive], children[alive]

    def _prefix_logits(self, position: int) -> Floats:
        """Logits of the next bit for all ``2^position`` prefixes, first bit least significant."""
        prefixes = bitorder.all_bits(position) if position else np.zeros((1, 0), np.uint8)
        states = np.zeros((len(prefixes), self.num_bits), dtype=np.int8)
        states[:, list(self.order[:position])] = 2 * prefixes.astype(np.int8) - 1
        return self._logits(states, self.order[position])

    @torch.no_grad()
    def _logits(self, states: NDArray[np.int8], bit: int) -> Floats:
        parts = [
            self.network(
                torch.from_numpy(states[start : start + _CHUNK_ROWS]).to(self._device).float()
            )[:, bit]
            .double()
            .cpu()
            .numpy()
            for start in range(0, len(states), _CHUNK_ROWS)
        ]
        return np.concatenate(parts)

    def _spins(self, bits: Bits) -> Tensor:
        return masking.spins(torch.from_numpy(np.ascontiguousarray(bits)).to(self._device))


def _sigmoid(logits: Floats) -> Floats:
    # float64 throughout: float32 uniforms or sigmoids bias rare bits
    return np.exp(-np.logaddexp(0, -logits))


def _natural_order(table: Floats, order: tuple[int, ...]) -> Floats:
    """Reindex from ``sum_j x_{order_j} 2^j`` to ``sum_j x_j 2^j``."""
    num_bits = len(order)
    place = np.argsort(order)
    # numpy's first axis is the most significant bit
    axes = [num_bits - 1 - int(place[num_bits - 1 - axis]) for axis in range(num_bits)]
    return table.reshape((2,) * num_bits).transpose(axes).reshape(-1)
