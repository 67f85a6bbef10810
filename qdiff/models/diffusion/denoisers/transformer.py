"""A transformer that is causal over the permuted sequence: one pass gives a whole order.

Along an order ``s``, token ``j`` carries the bit decided last, ``s_{j-1}`` with its value (a start
symbol for ``j = 0``), and the bit asked about, ``s_j``. It attends to tokens ``0 ... j``, so it
has seen exactly ``x_{s_0} ... x_{s_{j-1}}``, and its output is the logit of ``x_{s_j}``.

Sources: Vaswani et al., arXiv:1706.03762 (attention); Yang et al., arXiv:1906.08237, section 2.3
(why a permuted sequence must be told which position it is asked about); Pannatier et al.,
arXiv:2404.09562 (one stream, with the next position in the token); Ying et al., arXiv:2106.05234,
eq. 6 (an attention bias learned for each distance in a graph).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, Memory
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, materialise, zero

Coupling = tuple[tuple[int, int], ...]
"""The edges of a graph over the bits; none stands for no graph."""

MAX_BITS = 2048

FARTHEST = 8
"""Bits this far apart or farther share one bias."""

_UNREACHABLE, _START = FARTHEST + 1, FARTHEST + 2


class CausalTransformer(Denoiser):
    """Pre-normalised, with GELU; every bit is a fair coin before training.

    A prefix is a sequence: what the network says of the next bit may depend on the order in which
    the visible ones were decided, as far as training has not made it forget. `along` and `step`
    follow the order they are given; `forward`, which is given a set, takes it in ascending order.
    """

    one_pass = True
    relations: Tensor

    def __init__(
        self, num_bits: int, *, width: int, depth: int, heads: int, coupling: Coupling = ()
    ) -> None:
        super().__init__()
        if min(num_bits, width, depth, heads) < 1 or width % heads:
            raise InputError(
                f"a transformer needs positive sizes and a width that its heads divide, got "
                f"{num_bits} bits, width {width}, depth {depth}, {heads} heads"
            )
        if num_bits > MAX_BITS:
            raise InputError(f"a transformer reaches {MAX_BITS} bits, not {num_bits}")
        self.num_bits = num_bits
        self.content = nn.Embedding(2 * num_bits + 1, width)  # each bit as 0 and as 1; the start
        self.target = nn.Embedding(num_bits, width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.readout = nn.Embedding(num_bits, width + 1)
        self.bias = nn.Embedding(_START + 1, heads) if coupling else None
        if coupling:
            relations = torch.from_numpy(_relations(num_bits, coupling))
            self.register_buffer("relations", relations, persistent=False)

    @classmethod
    def initialised(
        cls,
        num_bits: int,
        *,
        width: int,
        depth: int,
        heads: int,
        coupling: Coupling = (),
        generator: torch.Generator,
    ) -> CausalTransformer:
        """A fresh network on the CPU, drawn from `generator` and from no global state."""
        with torch.device("meta"):
            network = cls(num_bits, width=width, depth=depth, heads=heads, coupling=coupling)
        materialise(network)
        draw_layers(network, generator)
        # every bit a fair coin, every block the identity, distances without effect
        blocks = [module for module in network.modules() if isinstance(module, _Block)]
        zero(*(layer for block in blocks for layer in (block.merge, block.outer)))
        zero(network.readout, *([] if network.bias is None else [network.bias]))
        return network

    def forward(self, states: Tensor) -> Tensor:
        """Logits of every hidden bit given the visible ones in ascending order.

        All hidden bits are asked about in one pass: each question is a token that attends to the
        visible bits and itself, so the logit of bit ``i`` is what `along` says for any order that
        begins with the visible bits, ascending, and then ``i``.
        """
        hidden_bit = states == 0
        visible = (~hidden_bit).sum(1, keepdim=True)
        targets = hidden_bit.int().argsort(dim=1, stable=True)
        token = torch.arange(self.num_bits, device=states.device).expand(states.shape)
        # every question carries the last visible bit, as the first one of them does anyway
        sources = _shifted(targets).gather(1, torch.minimum(token, visible))
        query, key = token[:, :, None], token[:, None, :]
        allowed = ((key <= query) & (key < visible[:, :, None])) | (key == query)
        logits, _ = self._run(states, sources, targets, allowed=allowed)
        return torch.zeros_like(logits).scatter(1, targets, logits)

    def along(self, clean: Tensor, orders: Tensor) -> Tensor:
        logits, _ = self._run(clean, _shifted(orders), orders)
        return logits

    def step(
        self, states: Tensor, order: Sequence[int], position: int, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """See `Denoiser.step`; the memory holds keys and values of all tokens so far.

        Its shape is ``(rows, depth, 2, heads, tokens, width / heads)``.
        """
        targets = torch.tensor(order[: position + 1], device=states.device)[None]
        logits, layers = self._run(states, _shifted(targets), targets, memory)
        return logits[:, -1], torch.stack(layers, dim=1)

    def _run(
        self,
        states: Tensor,
        sources: Tensor,
        targets: Tensor,
        memory: Memory = None,
        allowed: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Logits of the tokens that `memory` lacks, ``(rows, new)``; each layer's keys and values.

        `sources` and `targets` are ``(rows or 1, tokens)``; `allowed`, ``(rows, tokens, tokens)``,
        is causal unless given.
        """
        known = 0 if memory is None else memory.shape[4]
        new = targets[:, known:].expand(len(states), -1)
        hidden = self._content(states, sources[:, known:].expand(len(states), -1))
        hidden = hidden + self.target(new)
        bias = self._bias(sources, targets[:, known:], allowed)
        kept = []
        for layer, block in enumerate(self.blocks):
            hidden, keys_values = block(hidden, bias, None if memory is None else memory[:, layer])
            kept.append(keys_values)
        readout = self.readout(new)
        logits = (self.norm(hidden) * readout[..., :-1]).sum(-1) + readout[..., -1]
        return logits, kept

    def _content(self, states: Tensor, sources: Tensor) -> Tensor:
        values = states.gather(1, sources.clamp(min=0)) > 0
        content: Tensor = self.content(
            torch.where(sources < 0, 2 * self.num_bits, 2 * sources + values)
        )
        return content

    def _bias(self, sources: Tensor, targets: Tensor, allowed: Tensor | None) -> Tensor | None:
        """What is added to attention logits, ``(rows or 1, heads or 1, new, tokens)``.

        None stands for plain causal attention.
        """
        if self.bias is None:
            return None if allowed is None else allowed[:, None]
        relations = self.relations[targets[:, :, None], sources[:, None, :]]
        bias = self.bias(relations).permute(0, 3, 1, 2)
        if allowed is None:
            new, tokens = bias.shape[2:]
            allowed = torch.ones(new, tokens, dtype=torch.bool, device=bias.device)
            allowed = allowed.tril(tokens - new)[None]
        masked: Tensor = bias.masked_fill(~allowed[:, None], -torch.inf)
        return masked


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.split = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 4 * width)
        self.outer = nn.Linear(4 * width, width)

    def forward(
        self, hidden: Tensor, bias: Tensor | None, past: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The new tokens' stream, and keys and values of all tokens, which begin with `past`."""
        split = self.split(self.before(hidden)).unflatten(2, (3, self.heads, -1))
        queries, keys_values = (
            split[:, :, 0].transpose(1, 2),
            split[:, :, 1:].permute(0, 2, 3, 1, 4),
        )
        if past is not None:
            keys_values = torch.cat([past, keys_values], dim=3)
        attended = scaled_dot_product_attention(
            queries,
            keys_values[:, 0],
            keys_values[:, 1],
            attn_mask=bias,
            is_causal=bias is None and past is None,
        )
        hidden = hidden + self.merge(attended.transpose(1, 2).flatten(2))
        hidden = hidden + self.outer(gelu(self.inner(self.between(hidden))))
        return hidden, keys_values


def _shifted(targets: Tensor) -> Tensor:
    """The bit that each token carries: the previous one's target, and -1 for the start."""
    start = torch.full_like(targets[:, :1], -1)
    return torch.cat([start, targets[:, :-1]], dim=1)


def _relations(num_bits: int, coupling: Coupling) -> NDArray[np.int64]:
    """How bit ``i`` stands to bit ``j``, ``(n, n + 1)``: their distance in the graph, if any.

    Distances beyond `FARTHEST` count as it. The last column, which -1 reaches, is the start's.
    """
    if max(max(edge) for edge in coupling) >= num_bits:
        raise InputError(f"coupling names a bit beyond the {num_bits} there are")
    near = np.eye(num_bits, dtype=np.float32)
    for one, other in coupling:
        near[one, other] = near[other, one] = 1.0
    relations = np.full((num_bits, num_bits + 1), _UNREACHABLE)
    relations[:, -1] = _START
    reached = np.eye(num_bits, dtype=np.float32)
    for distance in range(FARTHEST):
        relations[:, :-1][(reached > 0) & (relations[:, :-1] == _UNREACHABLE)] = distance
        reached = (reached @ near > 0).astype(np.float32)
    while (wider := (reached @ reached > 0).astype(np.float32)).sum() > reached.sum():
        reached = wider
    relations[:, :-1][(reached > 0) & (relations[:, :-1] == _UNREACHABLE)] = FARTHEST
    return relations
