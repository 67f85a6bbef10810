"""Shots of a noisy circuit by errors drawn first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qdiff.circuit.measurement import split_measurements
from qdiff.data.bits import Bits
from qdiff.errors import InputError
from qdiff.noise.attach import NoisyCircuit
from qdiff.noise.rates import Readout
from qdiff.simulation.error_patterns import cost
from qdiff.simulation.error_patterns.blocks import blocks_of
from qdiff.simulation.error_patterns.draw import draw_errors
from qdiff.simulation.error_patterns.noisy_gates import NoisyGate, noisy_gates
from qdiff.simulation.error_patterns.states import Layout, layouts
from qdiff.simulation.error_patterns.uniform_numbers import uniform_numbers
from qdiff.simulation.error_patterns.walk import BATCH_AMPLITUDES, Walk, best_device

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

    def check_memory(self, memory: int) -> None:
        """Raises `InputError` where the states would not fit into so many bytes."""
        check_memory(self.layouts, memory)

    def bits(
        self,
        shots: int,
        generator: np.random.Generator,
        *,
        finished: Callable[[int], None] = _idle,
    ) -> Bits:
        """``(shots, bits)``; `finished` is told of shots as they are done."""
        blocks = [layout.block for layout in self.layouts]
        walk = Walk(
            self.layouts,
            draw_errors(blocks, shots, generator),
            uniform_numbers(blocks, shots, generator),
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


def check_memory(planned: Sequence[Layout], memory: int) -> None:
    """Raise `InputError` where the states of a walk would not fit into a machine's `memory`."""
    live = max((len(each.before) + len(each.block.born) for each in planned), default=0)
    needed = _STATES_HELD * 8 * max(BATCH_AMPLITUDES, 1 << live)
    if needed > _MEMORY_SHARE * memory:
        raise InputError(
            f"drawing errors first needs {needed / 2**30:.3g} GiB of memory for states of {live} "
            f"qubits, the machine has {memory / 2**30:.3g} GiB"
        )
