"""The masking (absorbing-state) forward process and its losses.

Each bit is hidden at a random time until nothing is left; a network learns to predict hidden bits
from visible ones. Only the order of hiding matters to the likelihood bound, so the network needs
no time input, and reversing the process one bit at a time is an any-order autoregressive model.

Sources: Austin et al., arXiv:2107.03006 (absorbing discrete diffusion); Hoogeboom et al.,
arXiv:2110.02037, eq. 7 (the any-order form used here); Ou et al., arXiv:2406.03736 (why no time).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.processes.process import Process


@dataclass(frozen=True, kw_only=True)
class Masking(Process[Denoiser]):
    """Bits are hidden one after another, in a uniformly random order."""

    def loss(self, network: Denoiser, clean: Tensor, generator: torch.Generator) -> Tensor:
        if network.one_pass:
            orders = random_orders(len(clean), clean.shape[1], generator)
            return ordered_surprise(network, clean, orders).mean()
        return any_order_loss(
            network, clean, random_visibility(len(clean), clean.shape[1], generator)
        )

    def surprise(self, network: Denoiser, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Exact ``-log q_s(x)``, each row along a random order of its own."""
        orders = random_orders(len(clean), clean.shape[1], generator)
        rows = max(1, _CHUNK_ROWS // clean.shape[1])
        parts = zip(torch.split(clean, rows), torch.split(orders, rows), strict=True)
        return torch.cat([ordered_surprise(network, part, order) for part, order in parts])


_CHUNK_ROWS = 1 << 16
"""Network rows at a time where a whole data set is scored."""


def random_orders(rows: int, num_bits: int, generator: torch.Generator) -> Tensor:
    """A uniformly random permutation of the bits for every row, ``(rows, n)``."""
    return torch.rand(rows, num_bits, generator=generator, device=generator.device).argsort(1)


def random_visibility(rows: int, num_bits: int, generator: torch.Generator) -> Tensor:
    """Which bits are still visible at a random moment, ``(rows, n)`` of 0.0 and 1.0.

    The number of visible bits is uniform on ``0..n-1``, and so is the set, given its size: the
    states that a string passes through when its bits are hidden in a uniformly random order.
    """
    number = torch.randint(num_bits, (rows, 1), generator=generator, device=generator.device)
    rank = random_orders(rows, num_bits, generator).argsort(1)
    return (rank < number).float()


def any_order_loss(network: Denoiser, clean: Tensor, visible: Tensor) -> Tensor:
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


def ordered_surprise(network: Denoiser, clean: Tensor, orders: Tensor) -> Tensor:
    """Exact ``-log q_s(x)`` of every row along its order, ``(rows,) float64``, in nats.

    `orders` is ``(rows, n)``, or ``(n,)`` where all rows share one.
    """
    orders = orders.expand(clean.shape)
    agreement = clean.gather(1, orders).double() * network.along(clean, orders).double()
    return softplus(-agreement).sum(1)
