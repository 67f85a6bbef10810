"""Shots of a noisy circuit, and averages over its trajectories, by errors drawn first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from qdiff.circuit.measurement import split_measurements
from qdiff.data.bits import Bits, Floats
from qdiff.errors import InputError
from qdiff.memory import total_memory
from qdiff.noise.attach import NoisyCircuit
from qdiff.noise.rates import Readout
from qdiff.simulation.error_patterns import cost
from qdiff.simulation.error_patterns.blocks import blocks_of
from qdiff.simulation.error_patterns.draw import Numbers, draw_errors
from qdiff.simulation.error_patterns.noisy_gates import NoisyGate, noisy_gates
from qdiff.simulation.error_patterns.states import Layout, layouts
from qdiff.simulation.error_patterns.walk import BATCH_AMPLITUDES, Walk

_SHOTS_TOGETHER = 1 << 20
_CODES_TOGETHER = 1 << 26
"""The most shots of one walk, and those times blocks: what is drawn for them is kept in memory."""

_STATES_HELD = 16
"""Batches of states in memory: those that wait, and those being multiplied."""


_MEMORY_SHARE = 0.5


def _idle(finished: int) -> None:
    pass


@dataclass(frozen=True, eq=False, kw_only=True)
class PatternSampler:
    """A circuit that is measured at its end, whose gate errors happen by chance alone.

    Attributes
    ----------
    gates
        Those that the measurements can see.
    measured
        ``{classical bit: qubit}``.
    readout
        ``(P(1|0), P(0|1))`` by qubit.
    num_qubits, num_bits
        Of the circuit.
    """

    gates: tuple[NoisyGate, ...]
    measured: Mapping[int, int]
    readout: Mapping[int, Readout]
    num_qubits: int
    num_bits: int

    @classmethod
    def read(cls, noisy: NoisyCircuit) -> PatternSampler:
        """Raises `InputError`, with the reason, for circuits and noise of another kind."""
        bare, measured = split_measurements(noisy.circuit)
        return cls(
            gates=tuple(noisy_gates(bare, noisy.errors, set(measured.values()))),
            measured=measured,
            readout=noisy.readout,
            num_qubits=bare.num_qubits,
            num_bits=bare.num_clbits,
        )

    @cached_property
    def layouts(self) -> list[Layout]:
        """The blocks of a walk that reads each qubit at its end."""
        return layouts(blocks_of(self.gates))

    def seconds(self, shots: int) -> float:
        """About how long `shots` shots take one core."""
        return cost.seconds(self.layouts, shots)

    def check_memory(self) -> None:
        """Raises `InputError` where the states would not fit."""
        check_memory(self.layouts)

    def bits(
        self,
        shots: int,
        generator: np.random.Generator,
        *,
        finished: Callable[[int], None] = _idle,
    ) -> Bits:
        """``(shots, bits)``; `finished` is told of shots as they are done."""
        walk = Walk(
            self.layouts,
            draw_errors([layout.block for layout in self.layouts], shots, generator),
            generator.random(shots),
            num_qubits=self.num_qubits,
            device=best_device(),
            finish=lambda states, shots, owners: finished(len(shots)),
        )
        walk.run()
        found = np.zeros((shots, self.num_bits), dtype=np.uint8)
        for bit, qubit in self.measured.items():
            value = walk.read[qubit]
            flips = generator.random(shots) < np.array(self.readout[qubit])[value]
            found[:, bit] = value ^ flips
        return found

    def parts(self, shots: int) -> list[int]:
        """`shots` as the sizes of walks that memory holds."""
        most = min(_SHOTS_TOGETHER, _CODES_TOGETHER // max(1, len(self.layouts)))
        number = -(-shots // most)
        return [shots // number + (part < shots % number) for part in range(number)]


def averaged_law(
    planned: list[Layout], qubits: list[int], sizes: Numbers, generator: np.random.Generator
) -> Floats:
    """The mean of \\|psi(x)\\|^2 of groups of trajectories, ``(groups, 2^qubits)``, before readout.

    `planned` are blocks where no qubit dies; ``x_i`` of ``qubits[i]`` is bit ``i`` of the column.
    """
    total = int(sizes.sum())
    group = np.repeat(np.arange(len(sizes)), sizes)
    order = planned[-1].after if planned else ()
    laws = np.zeros((len(sizes), 1 << len(qubits)))

    def add(states: torch.Tensor, shots: Numbers, owners: Numbers) -> None:
        times = np.zeros((len(sizes), len(states)))
        np.add.at(times, (group[shots], owners), 1)
        law = torch.view_as_real(states).square().sum(-1, dtype=torch.float64)
        laws[...] += times @ _marginal(law.cpu().numpy(), order, qubits)

    drawn = draw_errors([layout.block for layout in planned], total, generator)
    Walk(
        planned,
        drawn,
        generator.random(total),
        num_qubits=0,
        device=best_device(),
        finish=add,
    ).run()
    return laws / sizes[:, None]


def _marginal(laws: Floats, order: tuple[int, ...], qubits: list[int]) -> Floats:
    """From values of `order`, the first most significant, to those of `qubits`, the last so."""
    cube = laws.reshape(len(laws), *[2] * len(order))
    unseen = tuple(1 + place for place, qubit in enumerate(order) if qubit not in qubits)
    left = [qubit for qubit in order if qubit in qubits]
    cube = cube.sum(axis=unseen)
    idle = [qubit for qubit in qubits if qubit not in left]
    left = idle + left
    cube = cube.reshape(len(laws), *[1] * len(idle), *cube.shape[1:])
    cube = np.pad(cube, [(0, 0)] + [(0, 1)] * len(idle) + [(0, 0)] * (len(left) - len(idle)))
    places = [1 + left.index(qubit) for qubit in reversed(qubits)]
    return cube.transpose(0, *places).reshape(len(laws), -1)


def check_memory(planned: list[Layout]) -> None:
    """Raise `InputError` where the states of a walk would not fit.

    Asked is what the machine has, not what is free: the same seed must give the same shots.
    """
    live = max((len(each.before) + len(each.block.born) for each in planned), default=0)
    needed = _STATES_HELD * 8 * max(BATCH_AMPLITUDES, 1 << live)
    whole = total_memory()
    if needed > _MEMORY_SHARE * whole:
        raise InputError(
            f"drawing errors first needs {needed / 2**30:.3g} GiB of memory for states of {live} "
            f"qubits, the machine has {whole / 2**30:.3g} GiB"
        )


def best_device() -> torch.device:
    """A graphics card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
