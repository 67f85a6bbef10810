"""What a network is trained on and scored by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor


class Examples(ABC):
    """Examples on one device, as a process takes them.

    Attributes
    ----------
    weights
        ``(m,)``, how much each counts.
    """

    weights: Tensor

    @abstractmethod
    def batch(self, size: int, generator: torch.Generator) -> Any:
        """So many random ones, for `Process.loss`."""

    @abstractmethod
    def all(self) -> Any:
        """All of them once, for `Process.surprise`."""
