"""What training does faster on CUDA; on a CPU nothing here changes anything."""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec

import torch
from torch import nn


def mixed_precision(device: torch.device) -> AbstractContextManager[object]:
    """Matrix products in bfloat16 where a CUDA device has it; parameters stay in float32."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def compiled(network: nn.Module, device: torch.device) -> nn.Module:
    """The same network, its passes compiled where the device is CUDA and Triton is installed.

    Parameters are shared with `network`, which itself stays as it was: decoders, whose batches
    change in size at every step, are better served by it.
    """
    if device.type != "cuda" or find_spec("triton") is None:
        return network
    twin = copy.copy(network)
    for name in ("forward", "along"):
        if hasattr(network, name):
            setattr(twin, name, torch.compile(getattr(network, name)))
    return twin
