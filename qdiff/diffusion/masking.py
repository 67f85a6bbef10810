"""The masking (absorbing-state) forward process and its loss.

Each bit is hidden at a random time until nothing is left; a network learns to predict hidden bits
from visible ones. Only the order of hiding matters to the likelihood bound, so the network needs
no time input, and reversing the process one bit at a time is an any-order autoregressive model.

Sources: Austin et al., arXiv:2107.03006 (absorbing discrete diffusion); Hoogeboom et al.,
arXiv:2110.02037, eq. 7 (the any-order form used here); Ou et al., arXiv:2406.03736 (why no time).

States are *spins*: -1 for bit 0, +1 for bit 1, and 0 for a hidden bit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


def spins(bits: Tensor) -> Tensor:
    """Bits 0 and 1 as spins -1.0 and +1.0."""
    return 2.0 * bits.float() - 1.0


def random_visibility(rows: int, num_bits: int, generator: torch.Generator) -> Tensor:
    """Which bits are still visible at a random moment, ``(rows, n)`` of 0.0 and 1.0.

    The number of visible bits is uniform on ``0..n-1``, and so is the set, given its size: the
    states that a string passes through when its bits are hidden in a uniformly random order.
    """
    device = generator.device
    number = torch.randint(num_bits, (rows, 1), generator=generator, device=device)
    rank = torch.rand(rows, num_bits, generator=generator, device=device).argsort(1).argsort(1)
    return (rank < number).float()


def any_order_loss(network: nn.Module, clean: Tensor, visible: Tensor) -> Tensor:
    """An unbiased estimate of ``-E_order log q_order(x)``, nats a string, averaged over rows.

    With ``k`` of ``n`` bits visible, every hidden bit is as likely to be the next one in the order,
    and there are ``n`` steps: the mean over hidden bits of ``-log q(x_i | visible)``, times ``n``.

    Parameters
    ----------
    clean
        Spins without hidden bits, ``(rows, n)``.
    visible
        0.0 or 1.0 for each bit, at least one hidden a row.
    """
    hidden = 1.0 - visible
    surprise = softplus(-clean * network(clean * visible)) * hidden
    return (surprise.sum(1) / hidden.sum(1)).mean() * clean.shape[1]


def ordered_surprise(network: nn.Module, clean: Tensor, order: Tensor) -> Tensor:
    """Exact ``-log q_order(x)`` of every row along one order, ``(rows,) float64``, in nats."""
    rows, num_bits = clean.shape
    rank = torch.argsort(order)
    position = torch.arange(num_bits, device=clean.device)
    visible = (rank[None, :] < position[:, None]).to(clean.dtype)  # (step, bit)
    states = clean[:, None, :] * visible
    logits = network(states.reshape(rows * num_bits, num_bits)).reshape(rows, num_bits, num_bits)
    chosen = logits[:, position, order].double()
    return softplus(-clean[:, order].double() * chosen).sum(1)
