"""Averages over noise trajectories, those with the same errors simulated once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from qdiff.data.bits import Floats
from qdiff.simulation.error_patterns.draw import Numbers, draw_errors
from qdiff.simulation.error_patterns.states import Layout
from qdiff.simulation.error_patterns.uniform_numbers import uniform_numbers
from qdiff.simulation.error_patterns.walk import Walk, best_device


def averaged_laws(
    planned: Sequence[Layout],
    qubits: Sequence[int],
    sizes: Numbers,
    generator: np.random.Generator,
) -> Floats:
    """The mean of \\|psi(x)\\|^2 over each of some groups of trajectories, ``(groups, 2^k)``.

    `planned` are blocks where no qubit dies, `sizes` the numbers of trajectories ``(groups,)``;
    bit ``i`` of the column is the value of ``qubits[i]``.
    """
    device, order = best_device(), planned[-1].after if planned else ()
    group = np.repeat(np.arange(len(sizes)), sizes)
    laws = torch.zeros((len(sizes), 1 << len(order)), dtype=torch.float64, device=device)

    def add(states: torch.Tensor, shots: Numbers, owners: Numbers) -> None:
        times = np.zeros((len(sizes), len(states)))
        np.add.at(times, (group[shots], owners), 1)
        law = torch.view_as_real(states).square().sum(-1, dtype=torch.float64)
        laws.addmm_(torch.from_numpy(times).to(device), law)

    number = int(sizes.sum())
    blocks = [layout.block for layout in planned]
    drawn = draw_errors(blocks, number, generator)
    uniforms = uniform_numbers(blocks, number, generator)
    Walk(planned, drawn, uniforms, num_qubits=0, device=device, finish=add).run()
    return _marginal(laws.cpu().numpy() / sizes[:, None], order, qubits)


def _marginal(laws: Floats, order: Sequence[int], qubits: Sequence[int]) -> Floats:
    """From values of `order`, the first one most significant, to those of `qubits`, the last so.

    Qubits that no gate acts on are 0.
    """
    cube = laws.reshape(len(laws), *[2] * len(order))
    cube = cube.sum(axis=tuple(1 + at for at, qubit in enumerate(order) if qubit not in qubits))
    left = [qubit for qubit in order if qubit in qubits]
    places = [1 + left.index(qubit) for qubit in reversed(qubits) if qubit in left]
    table = cube.transpose(0, *places)
    full = np.zeros((len(laws), *[2] * len(qubits)))
    full[:, *(slice(None) if qubit in left else 0 for qubit in reversed(qubits))] = table
    return full.reshape(len(laws), -1)
