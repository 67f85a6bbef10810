"""What a forward process is, as far as training is concerned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Process(ABC, Generic[Network]):
    """A corruption of bitstrings, step by step, that a network learns to reverse.

    How strongly each moment corrupts (a schedule), what training minimises (a loss) and how the
    reversal is run (a decoder) live in their own files.
    """

    @abstractmethod
    def loss(self, network: Network, clean: Any, generator: torch.Generator) -> Tensor:
        """What training lowers: differentiable, in nats a string.

        An unbiased estimate of the bound on ``-log q``, or of a surrogate that the process states
        and that has the same minimiser. `clean` holds spins, ``(rows, n)``, or whatever else the
        process takes as examples; the mean over strings is returned.
        """

    @abstractmethod
    def surprise(self, network: Network, clean: Any, generator: torch.Generator) -> Tensor:
        """A low-variance estimate of each row's bound, ``(rows,) float64``, for held-out scores.

        The same generator state gives the same corruption, so that scores of two networks differ
        by the networks alone.
        """
