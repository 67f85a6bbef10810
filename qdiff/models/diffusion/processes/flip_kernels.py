"""The bit-flip process of one bit at a time: its forward and reverse kernels, in closed form.

At correlation ``a`` a bit keeps its value with probability ``(1 + a) / 2``. Bit ``i`` has its own
relative rate ``r_i``: where a level says ``a``, that bit has ``a^r_i``. Symmetric readout error
``e`` is ``a = 1 - 2e``. Everything is float64, in ratios and ``expm1`` that lose no small chance.

Source: Austin et al., arXiv:2107.03006, eq. 3 and appendix A.2 (two states, uniform transitions).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def correlations(levels: Tensor, rates: Tensor) -> Tensor:
    """``a^r_i``: levels ``(rows,)`` and rates ``(n,)`` to ``(rows, n)``."""
    return levels[:, None] ** rates


def corrupt(clean: Tensor, correlation: Tensor, generator: torch.Generator) -> Tensor:
    """Flip every spin with probability ``(1 - a) / 2``; all shapes ``(rows, n)``."""
    uniforms = torch.rand(
        clean.shape, dtype=torch.float64, generator=generator, device=clean.device
    )
    return torch.where(uniforms < (1 - correlation) / 2, -clean, clean)


def evidence(levels: Tensor, rates: Tensor) -> Tensor:
    """``ln((1 + a) / (1 - a))``, what seeing a corrupted bit says of it, in nats, ``(rows, n)``."""
    logs = rates * levels.log()[:, None]
    return torch.log1p(logs.exp()) - torch.log(-torch.expm1(logs))


@dataclass(frozen=True, eq=False, kw_only=True)
class ReverseStep:
    """``q(z_s | z_t, x)`` for two levels ``a_s > a_t``, for every bit; tensors ``(rows, n)``.

    The bit stays (``z_s = z_t``) or flips back, by whether the clean bit `agrees` with ``z_t`` or
    `differs`:

        q(z_s | z_t, x) = (1 + z_s z_t a_t / a_s) (1 + z_s x a_s) / (2 (1 + z_t x a_t)).

    With ``a_s = 1`` it is certain that ``z_s = x``.
    """

    stay_if_agrees: Tensor
    flip_if_agrees: Tensor
    stay_if_differs: Tensor
    flip_if_differs: Tensor

    @classmethod
    def between(cls, earlier: Tensor, later: Tensor, rates: Tensor) -> ReverseStep:
        """The step from levels ``later (rows,)`` back to levels ``earlier (rows,)``."""
        log_s, log_t = earlier.log()[:, None], later.log()[:, None]
        s, t, ratio = (_Level(rates * log) for log in (log_s, log_t, log_t - log_s))
        return cls(
            stay_if_agrees=ratio.plus * s.plus / (2 * t.plus),
            flip_if_agrees=ratio.minus * s.minus / (2 * t.plus),
            stay_if_differs=ratio.plus * s.minus / (2 * t.minus),
            flip_if_differs=ratio.minus * s.plus / (2 * t.minus),
        )

    def predicted(self, agreement: Tensor) -> tuple[Tensor, Tensor]:
        """Chances to stay and to flip where the clean bit agrees with log-odds `agreement`.

        ``p(z_s | z_t) = sum_x q(z_s | z_t, x) p(x | z_t)``, the kernel of the reversal.
        """
        agrees, differs = torch.sigmoid(agreement), torch.sigmoid(-agreement)
        stay = agrees * self.stay_if_agrees + differs * self.stay_if_differs
        flip = agrees * self.flip_if_agrees + differs * self.flip_if_differs
        return stay, flip

    def divergence(self, agrees: Tensor, agreement: Tensor) -> Tensor:
        """``KL(q(z_s | z_t, x) || p(z_s | z_t))`` of every bit in nats.

        `agrees` says whether the clean bit is ``z_t``, `agreement` the log-odds predicted for it.
        """
        stay = torch.where(agrees, self.stay_if_agrees, self.stay_if_differs)
        flip = torch.where(agrees, self.flip_if_agrees, self.flip_if_differs)
        stay_predicted, flip_predicted = self.predicted(agreement)
        return _relative(stay, stay_predicted) + _relative(flip, flip_predicted)

    def information(self, agreement: Tensor) -> Tensor:
        """What one bit's ``z_s`` tells of its ``x`` beyond ``z_t``, in nats, under the prediction.

        `divergence` averaged over the clean bit, drawn with log-odds `agreement`.
        """
        agrees = torch.ones_like(agreement, dtype=torch.bool)
        return torch.sigmoid(agreement) * self.divergence(agrees, agreement) + torch.sigmoid(
            -agreement
        ) * self.divergence(~agrees, agreement)


class _Level:
    """``1 + a`` and ``1 - a`` from ``ln a``, both to full relative accuracy."""

    def __init__(self, log: Tensor) -> None:
        self.plus = 1 + log.exp()
        self.minus = -torch.expm1(log)


def _relative(p: Tensor, q: Tensor) -> Tensor:
    """``p ln(p / q)``, zero where ``p`` is."""
    return torch.xlogy(p, p) - torch.xlogy(p, q)
