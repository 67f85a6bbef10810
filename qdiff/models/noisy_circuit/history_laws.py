r"""The laws that a program's outcomes have after errors, each with the errors that led to it.

With error rates ``r_g`` (see `qdiff.models.noisy_circuit.error_groups`) the law before readout is

    p_r = e^-mu  [ P_0  +  sum_k  mu^k / k!  E_k ],     mu = sum_g r_g N_g,

``P_0`` the ideal law and ``E_k`` the mean law after ``k`` errors, drawn place by place in
proportion to their rates. ``E_k`` is estimated from histories drawn once, under other shares of
the groups, and reweighted: a history with errors in groups ``g_1 .. g_k`` counts in proportion to
``prod_i r_{g_i} N_{g_i} / s_{g_i}``. So one set of simulated histories gives the law at all rates,
and its derivative: rates can be fitted. To first order this is the dictionary of single errors; it
goes on to all orders. Histories drawn in several rounds count by the balance heuristic (Veach and
Guibas, SIGGRAPH 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.error_groups import ErrorGroup, ErrorKind, History, draw_histories
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.noisy_circuit.statevector import (
    PAULIS,
    apply,
    apply_gates,
    laws_of,
    reset,
    zero_state,
)

_BATCH_AMPLITUDES = 1 << 15
"""Amplitudes evolved together: they fit a core's cache."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Round:
    """How histories were drawn: `numbers[k - 1]` of ``k`` errors each, groups by `shares`."""

    numbers: tuple[int, ...]
    shares: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Dictionary:
    """Laws after errors.

    Attributes
    ----------
    ideal
        ``P_0``, ``(2^n,)``.
    groups
        The groups that errors come from.
    laws
        ``(K, 2^n) float32``, the law after each history.
    uses
        ``(K, G)``, how many errors of each group a history has.
    rounds
        How the histories were drawn.
    """

    ideal: Floats
    groups: tuple[ErrorGroup, ...]
    laws: NDArray[np.float32]
    uses: NDArray[np.int64]
    rounds: tuple[Round, ...] = ()

    @property
    def sizes(self) -> Floats:
        """``N_g``: expected errors of each group at a rate of 1."""
        return np.array([group.size for group in self.groups])

    @property
    def orders(self) -> NDArray[np.int64]:
        """How many errors each history has, ``(K,)``."""
        return np.asarray(self.uses.sum(axis=1))

    def log_density(self) -> Floats:
        """The logarithm of how densely each history was drawn, over all rounds, ``(K,)``."""
        parts = []
        for drawn in self.rounds:
            numbers = np.zeros(int(self.orders.max(initial=0)) + 1)
            numbers[1 : 1 + len(drawn.numbers)] = drawn.numbers[: len(numbers) - 1]
            with np.errstate(divide="ignore"):
                parts.append(np.log(numbers[self.orders]) + self.uses @ np.log(drawn.shares))
        return np.asarray(np.logaddexp.reduce(np.stack(parts), axis=0))

    def extended(
        self, program: Program, drawn: Round, generator: np.random.Generator
    ) -> Dictionary:
        """With histories of one more round."""
        histories: list[History] = []
        for errors, number in enumerate(drawn.numbers, start=1):
            if number:
                histories += draw_histories(self.groups, drawn.shares, number, errors, generator)
        histories.sort(key=lambda history: history.gates[0])
        laws = laws_after(program, self.groups, histories)
        uses = np.zeros((len(histories), len(self.groups)), dtype=np.int64)
        for row, history in enumerate(histories):
            np.add.at(uses[row], list(history.groups), 1)
        laws, uses = np.concatenate([self.laws, laws]), np.concatenate([self.uses, uses])
        return replace(self, laws=laws, uses=uses, rounds=(*self.rounds, drawn))

    @cached_property
    def merged(self) -> tuple[Dictionary, NDArray[np.int64]]:
        """Histories with the same uses as one, with their mean law, and how many each stands for.

        They weigh the same at all rates, so nothing is lost.
        """
        uses, member, number = np.unique(self.uses, axis=0, return_inverse=True, return_counts=True)
        if len(uses) == len(self.uses):
            return self, np.ones(len(uses), dtype=np.int64)
        order = np.argsort(member.reshape(-1), kind="stable")
        starts = np.r_[0, np.cumsum(number)[:-1]]
        laws = np.add.reduceat(self.laws[order], starts, axis=0)
        laws /= number[:, None].astype(np.float32)
        return replace(self, uses=uses, laws=laws), number

    def with_ideal(self, ideal: Floats) -> Dictionary:
        """The same laws after errors, of another ideal law."""
        other = replace(self, ideal=ideal)
        merged, number = self.merged
        other.__dict__["merged"] = (replace(merged, ideal=ideal), number)  # found already
        return other

    @classmethod
    def without_errors(cls, ideal: Floats, groups: Sequence[ErrorGroup]) -> Dictionary:
        """The ideal law alone."""
        return cls(
            ideal=ideal,
            groups=tuple(groups),
            laws=np.zeros((0, len(ideal)), dtype=np.float32),
            uses=np.zeros((0, len(groups)), dtype=np.int64),
        )


def laws_after(
    program: Program, groups: Sequence[ErrorGroup], histories: Sequence[History]
) -> NDArray[np.float32]:
    """The law of the outcomes after each history, ``(K, 2^n)``.

    `histories` must be sorted by their first error: until then all share the ideal state.
    """
    laws = np.zeros((len(histories), 1 << program.num_bits), dtype=np.float32)
    batch = max(1, _BATCH_AMPLITUDES >> program.num_qubits)
    ideal, done = zero_state(program.num_qubits, dtype=np.complex64), 0
    for start in range(0, len(histories), batch):
        part = histories[start : start + batch]
        first = part[0].gates[0]
        apply_gates(ideal, program.gates[done:first])
        done = first
        states = np.repeat(ideal, len(part), axis=1)
        _evolve(program, groups, part, states, first)
        laws[start : start + len(part)] = laws_of(program, states).T
    return laws


def _evolve(
    program: Program,
    groups: Sequence[ErrorGroup],
    histories: Sequence[History],
    states: NDArray[np.complexfloating],
    first: int,
) -> None:
    """Gates from number `first` on, and the errors of each history after its gates."""
    events = sorted(
        (gate, column, place)
        for column, history in enumerate(histories)
        for place, gate in enumerate(history.gates)
    )
    for number, found in groupby(events, key=lambda event: event[0]):
        apply_gates(states, program.gates[first : number + 1])
        first = number + 1
        for _, column, place in found:
            _err(groups, histories[column], place, states[:, column : column + 1])
    apply_gates(states, program.gates[first:])


def _err(
    groups: Sequence[ErrorGroup], history: History, place: int, state: NDArray[np.complexfloating]
) -> None:
    kind, qubits = groups[history.groups[place]].kind, history.qubits[place]
    if kind is ErrorKind.RELAX:
        reset(state, qubits[0], np.array([history.uniforms[place]]))
    elif kind is ErrorKind.PHASE:
        apply(state, PAULIS["Z"], qubits)
    else:
        code = history.paulis[place]
        for digit, qubit in enumerate(qubits):
            apply(state, PAULIS["IXYZ"[code >> 2 * digit & 3]], (qubit,))
