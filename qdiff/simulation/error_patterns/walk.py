"""The walk over the tree of what happens to shots: errors at blocks, and outcomes.

Shots that had the same errors and the same outcomes so far share one state; each block divides
them by the errors that they have in it, and by the values of the qubits that die there. So each
distinct state is found once, with the number of shots that have it, and every shot is still
independent of all others. The walk is depth first: states side by side are carried on together
until they are too many, then one half waits. Shots with errors go first, so not more than one
batch waits for every error of a shot and every doubling of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from qdiff.data.bits import Bits, Floats
from qdiff.environment import one_thread
from qdiff.simulation.error_patterns.draw import BlockErrors, Numbers
from qdiff.simulation.error_patterns.states import Layout, as_tensor, choose, weights
from qdiff.simulation.error_patterns.uniform_numbers import rows_of

BATCH_AMPLITUDES = 1 << 18
"""How many numbers are carried on together: enough to be worth a call, few enough for a cache."""

_ON_A_CARD = 1 << 25
"""The same on a graphics card, which has to be kept busy."""


@dataclass(frozen=True, eq=False)
class Branch:
    """States before a block, and which of them each of the `shots` is in.

    Every state is some shot's.
    """

    block: int
    states: torch.Tensor
    shots: Numbers
    owners: Numbers


Finish = Callable[[torch.Tensor, Numbers, Numbers], None]
"""What is done with the last states, the shots that have them and which each has."""


class Walk:
    """One walk for a number of shots whose errors, and `uniform_numbers`, are drawn.

    Attributes
    ----------
    read
        ``(qubits, shots)``: what was measured on each qubit that died.
    """

    def __init__(
        self,
        layouts: Sequence[Layout],
        errors: Sequence[BlockErrors],
        uniforms: Floats,
        *,
        num_qubits: int,
        device: torch.device,
        finish: Finish,
    ) -> None:
        self.read: Bits = np.zeros((num_qubits, uniforms.shape[1]), dtype=np.uint8)
        self._layouts = layouts
        self._errors = errors
        self._uniforms = uniforms
        self._rows = rows_of([layout.block for layout in layouts])
        self._device = device
        self._finish = finish
        self._most = BATCH_AMPLITUDES if device.type == "cpu" else _ON_A_CARD

    def run(self) -> None:
        """Bring all shots to their ends."""
        shots = np.arange(self._uniforms.shape[1])
        empty = torch.ones((1, 1), dtype=torch.complex64, device=self._device)
        waiting = [Branch(0, empty, shots, np.zeros_like(shots))]
        with one_thread():
            while waiting:
                branch = waiting.pop()
                while branch.block < len(self._layouts):
                    branch, later = self._step(branch)
                    waiting += later
                self._finish(branch.states, branch.shots, branch.owners)

    def _step(self, branch: Branch) -> tuple[Branch, list[Branch]]:
        """`branch` after its next block; or one half of it before that, and the other half."""
        layout = self._layouts[branch.block]
        groups, members, erring = self._groups(branch)
        size = 1 << len(layout.before) + len(layout.block.born)
        if len(groups) > 1 and len(groups) * size > self._most:
            first = members < len(groups) // 2
            return _part(branch, first), [_part(branch, ~first)]
        products, members = self._products(branch, groups, members, erring)
        return self._read(branch, layout, products, members), []

    def _groups(self, branch: Branch) -> tuple[Numbers, Numbers, int]:
        """Distinct pairs of an owner and its errors, as ``owner * patterns + code``, erring first.

        Also which of them each shot has, and how many of them err.
        """
        errors = self._errors[branch.block]
        codes, patterns = errors.codes[branch.shots], len(errors.patterns)
        if not codes.any():
            return np.arange(len(branch.states)) * patterns, branch.owners, 0
        quiet = np.int64(len(branch.states) * patterns) * (codes == 0)
        keys, members = np.unique(quiet + branch.owners * patterns + codes, return_inverse=True)
        erring = int(np.searchsorted(keys, len(branch.states) * patterns))
        return keys % (len(branch.states) * patterns), members, erring

    def _products(
        self, branch: Branch, groups: Numbers, members: Numbers, erring: int
    ) -> tuple[torch.Tensor, Numbers]:
        """The states of all groups after the block, and which each shot is in."""
        layout, errors = self._layouts[branch.block], self._errors[branch.block]
        owners, codes = np.divmod(groups, len(errors.patterns))
        views = layout.views(branch.states)
        found = []
        if erring:
            operators = [layout.block.matrices(errors.patterns[code]) for code in codes[:erring]]
            branches = np.array([len(each) for each in operators])
            matrices = as_tensor(np.concatenate(operators), self._device).unsqueeze(1)
            origin = self._index(np.repeat(owners[:erring], branches))
            products = layout.multiplied(matrices, views[origin])
            if len(matrices) > erring:
                products, members = self._happened(branch, products, branches, members)
            found.append(products)
        if erring < len(groups):
            alone = (
                views if len(groups) - erring == len(views) else views[self._index(owners[erring:])]
            )
            found.append(
                layout.multiplied(as_tensor(layout.block.matrices()[0], self._device), alone)
            )
        return (found[0] if len(found) == 1 else torch.cat(found)), members

    def _happened(
        self, branch: Branch, products: torch.Tensor, branches: Numbers, members: Numbers
    ) -> tuple[torch.Tensor, Numbers]:
        """Of the Kraus operators of each erring group, those that happened to some shot."""
        norms = weights(products.reshape(len(products), 1, 1, -1))[:, 0]
        starts = np.cumsum(branches) - branches
        table = np.zeros((len(branches), int(branches.max())))
        group = np.repeat(np.arange(len(branches)), branches)
        table[group, np.arange(len(products)) - starts[group]] = norms
        among = np.flatnonzero(members < len(branches))
        shots = branch.shots[among]
        chosen = starts[members[among]] + self._chosen(branch.block, shots, table, members[among])
        used, new = np.unique(chosen, return_inverse=True)
        members = members + (len(used) - len(branches))
        members[among] = new
        scale = torch.from_numpy(norms[used] ** -0.5).to(products)
        return products[self._index(used)] * scale[:, None, None, None], members

    def _read(
        self, branch: Branch, layout: Layout, products: torch.Tensor, members: Numbers
    ) -> Branch:
        """Measure the qubits that die at this block."""
        dying = layout.block.dying
        if not dying:
            states = products.reshape(len(products), -1)
            return Branch(branch.block + 1, states, branch.shots, members)
        cells = layout.outcomes(products)
        table = weights(cells)
        outcomes = self._chosen(branch.block, branch.shots, table, members)
        for place, qubit in enumerate(reversed(dying)):
            self.read[qubit, branch.shots] = outcomes >> place & 1
        kept, owners = np.unique(members * table.shape[1] + outcomes, return_inverse=True)
        rows, values = np.divmod(kept, table.shape[1])
        scale = torch.from_numpy(table[rows, values] ** -0.5).to(cells)
        states = cells[self._index(rows), :, self._index(values)] * scale[:, None, None]
        return Branch(branch.block + 1, states.reshape(len(kept), -1), branch.shots, owners)

    def _chosen(self, block: int, shots: Numbers, table: Floats, owners: Numbers) -> Numbers:
        """An outcome for each of the shots, by what is left of its number for that block."""
        place = self._rows[block], shots
        uniforms = self._uniforms[place]
        chosen = choose(table, owners, uniforms)
        self._uniforms[place] = uniforms
        return chosen

    def _index(self, numbers: Numbers) -> torch.Tensor:
        return torch.from_numpy(numbers).to(self._device)


def _part(branch: Branch, chosen: NDArray[np.bool_]) -> Branch:
    """The shots that are `chosen`, and their states alone."""
    used, owners = np.unique(branch.owners[chosen], return_inverse=True)
    states = branch.states
    if len(used) < len(states):
        states = states[torch.from_numpy(used).to(states.device)]
    return Branch(branch.block, states, branch.shots[chosen], owners)


def best_device() -> torch.device:
    """A graphics card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
