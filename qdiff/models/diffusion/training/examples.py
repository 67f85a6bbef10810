"""What a network is trained on and scored by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from qdiff.data.shots import Shots
from qdiff.models.diffusion.denoisers.denoiser import spins


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


@dataclass(frozen=True, kw_only=True)
class Data(Examples):
    """Distinct strings as spins ``(m, n)`` and how often each occurs ``(m,)``, on one device."""

    spins: Tensor
    weights: Tensor

    @classmethod
    def of(cls, shots: Shots, device: torch.device | str = "cpu") -> Data:
        """The distinct strings of `shots` and their frequencies."""
        bits = torch.from_numpy(shots.bits).to(device)
        frequencies = torch.from_numpy(shots.counts / shots.num_shots).to(device)
        return cls(spins=spins(bits), weights=frequencies)

    def batch(self, size: int, generator: torch.Generator) -> Tensor:
        # searching the cumulative sum, unlike torch.multinomial, has no limit of 2^24 strings
        cumulative = self.weights.cumsum(0)
        drawn = torch.rand(size, dtype=torch.float64, generator=generator, device=self.spins.device)
        rows = torch.searchsorted(cumulative, drawn * cumulative[-1], right=True)
        return self.spins[rows.clamp(max=len(self.spins) - 1)]

    def all(self) -> Tensor:
        return self.spins
