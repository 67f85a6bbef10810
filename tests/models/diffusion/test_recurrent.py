"""The recurrent network: its steps are its one pass, and leave nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor
from untrained_networks import seeded, stir

from qdiff.models.diffusion.denoisers.recurrent import RecurrentNetwork

BITS = 7


def network(num_bits: int = BITS, hidden: int = 5) -> RecurrentNetwork:
    """One whose parameters are all different, in float64."""
    generator = seeded(1)
    built = RecurrentNetwork.initialised(num_bits, hidden=hidden, generator=generator)
    return stir(built, 0.7, generator).double().requires_grad_(False)


def stepped(recurrent: RecurrentNetwork, states: Tensor, *, remember: bool) -> Tensor:
    memory, logits = None, []
    for position in range(states.shape[1]):
        each, memory = recurrent.next_bit(states, position, memory if remember else None)
        logits.append(each)
    return torch.stack(logits, dim=1)


@pytest.mark.parametrize("remember", [True, False])
def test_steps_say_what_one_pass_says(remember: bool) -> None:
    recurrent = network()
    states = 2 * torch.randint(2, (40, BITS), generator=torch.Generator().manual_seed(2)) - 1
    together = recurrent(states.double())
    apart = stepped(recurrent, states.to(torch.int8), remember=remember)
    assert (together - apart).abs().max() < 1e-12
    assert together[:, 1:].std(dim=0).min() > 0.01


def resident() -> float:
    """Memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) / 256


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
def test_steps_of_ever_new_numbers_of_rows_keep_no_memory() -> None:
    """torch's own recurrent layer keeps some 2 MiB of each here."""
    recurrent = network(num_bits=16, hidden=64).float()
    states = torch.ones(1064, 16, dtype=torch.int8)
    with torch.inference_mode():
        recurrent.next_bit(states, 8, None)
        before = resident()
        for rows in range(1000, 1064):
            recurrent.next_bit(states[:rows], 8, None)
    assert resident() - before < 20
