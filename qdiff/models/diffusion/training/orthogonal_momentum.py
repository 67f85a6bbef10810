"""Muon: steps of equal length in all directions of a matrix.

The momentum of a matrix between layers of units is replaced by the nearest orthogonal one, so that
directions with small gradients learn as fast as others; everything else follows AdamW. Where a
network is told numbers, it takes less than half the steps.

Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024), from which
the polynomial's coefficients are; Bernstein and Newhouse, arXiv:2409.20325 (why it descends).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_MOMENTUM = 0.95
_ITERATIONS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class OrthogonalMomentum(torch.optim.AdamW):
    """AdamW, but for the matrices between units of `network`, whose steps are orthogonal.

    Parameters
    ----------
    step
        The largest singular value of such a step while the learning rate is `learning_rate`; both
        follow the same schedule.
    """

    def __init__(
        self, network: nn.Module, *, learning_rate: float, weight_decay: float, step: float
    ) -> None:
        blocks = self._blocks = matrices_between_units(network) if step else {}
        rest = [each for each in network.parameters() if each not in blocks]
        groups: list[dict[str, Any]] = [{"params": rest, "blocks": 0, "scale": 1.0}]
        for number in sorted(set(blocks.values())):
            own = [each for each in network.parameters() if blocks.get(each) == number]
            groups.append({"params": own, "blocks": number, "scale": step / learning_rate})
        super().__init__(groups, lr=learning_rate, weight_decay=weight_decay)

    def set_rate(self, rate: float) -> None:
        """The learning rate from now on."""
        for group in self.param_groups:
            group["lr"] = rate * group["scale"]

    def keeps(self, parameter: Tensor) -> set[str]:
        """What the state of a parameter consists of."""
        return {"momentum"} if parameter in self._blocks else {"step", "exp_avg", "exp_avg_sq"}

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"] if group["blocks"] else ():
                self._step_of_matrix(parameter, group)
                parameter.grad = None  # which AdamW passes over
        super().step()

    def _step_of_matrix(self, parameter: Tensor, group: dict[str, Any]) -> None:
        if parameter.grad is None:
            return
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum: Tensor = state["momentum"]
        momentum.mul_(_MOMENTUM).add_(parameter.grad)
        ahead = parameter.grad + _MOMENTUM * momentum
        turned = torch.cat([orthogonal(part) for part in ahead.chunk(group["blocks"])])
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(turned, alpha=-group["lr"])


def matrices_between_units(network: nn.Module) -> dict[Tensor, int]:
    """The weights of linear and recurrent layers, and of how many matrices each consists."""
    found: dict[Tensor, int] = {}
    for module in network.modules():
        weights: list[Tensor] = []
        if isinstance(module, nn.Linear) and module.out_features > 1:
            weights = [module.weight]
        elif isinstance(module, nn.LSTM):
            weights = [each for each in module.parameters() if each.ndim == 2]
        found |= dict.fromkeys(weights, 4 if isinstance(module, nn.LSTM) else 1)
    return found


def orthogonal(matrix: Tensor) -> Tensor:
    """About the orthogonal matrix nearest to `matrix`: singular values from 0.7 to 1.2."""
    found: Tensor = matrix / (matrix.norm() + 1e-7)
    tall = len(found) > found.shape[1]
    found = found.T if tall else found
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        square = found @ found.T
        found = a * found + (b * square + c * square @ square) @ found
    return found.T if tall else found
