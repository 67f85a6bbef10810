"""Fresh parameters drawn from a given generator; PyTorch's own layers draw from a global one."""

from __future__ import annotations

import torch
from torch import nn


def materialise(network: nn.Module) -> None:
    """Give a network built on the meta device memory on the CPU, its contents undefined.

    Buffers that no file keeps are left alone: they are computed from the configuration.
    """
    state = {
        name: torch.empty_like(tensor, device="cpu")
        for name, tensor in network.state_dict().items()
    }
    network.load_state_dict(state, assign=True)


def draw_layers(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the parameters of all layers: norms are plain, others of order ``width**-0.5``."""
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=module.embedding_dim**-0.5, generator=generator)


def draw_memory(recurrent: nn.LSTM, generator: torch.Generator) -> None:
    """Draw a recurrent layer's parameters, of order ``hidden**-0.5`` as PyTorch's own are."""
    bound = recurrent.hidden_size**-0.5
    for parameter in recurrent.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)


def zero(*layers: nn.Linear | nn.Embedding) -> None:
    """Make layers answer zero, whatever they are asked."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
