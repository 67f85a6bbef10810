"""How learned noise shows itself: records, rates beside a calibration, a map of the device."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff.data.argument_checks import check_is, shown
from qdiff.errors import InputError
from qdiff.noise.spec import NoiseSpec
from qdiff.noise_learning.learned_numbers import LearnedNumber
from qdiff.noise_learning.numbers import QUBITS, READOUT, Number
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.specification import stated
from qdiff.tables import Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TITLES = {
    "pauli1": "errors a gate on one qubit",
    "pauli2": "errors a gate on two qubits",
    "dephase1": "phase errors in the time\nof a gate on two qubits",
    "relax1": "relaxations in the time\nof a gate on two qubits",
    "one_given_zero": "P(read 1 | 0)",
    "zero_given_one": "P(read 0 | 1)",
    "pair_flip": "P(both misread together)",
}


class ShowsNoise(Tabular):
    """Numbers that were learned, and what was stated before."""

    posterior: Posterior

    @property
    @abstractmethod
    def numbers(self) -> list[LearnedNumber]:
        """What was learned, shared numbers first."""

    @property
    @abstractmethod
    def start(self) -> NoiseSpec | None:
        """What was expected before any shots."""

    def to_records(self) -> list[dict[str, Any]]:
        """A record a number: ``kind``, ``qubits``, ``value``, ``standard_error``, ``interval``,
        ``told`` (how much of it the shots said) and ``stated`` (before them, or None)."""
        return [
            {**each.to_dict(), "stated": stated(self.start, each.number)} for each in self.numbers
        ]

    def plot(self, ax: Axes | None = None, *, kind: str = "pauli2") -> Axes:
        """Draw the numbers of a kind, one mark a qubit or pair, and return the axes.

        Hollow marks are what a calibration stated before. Raises `InputError` for a kind of which
        no qubit or pair was learned.
        """
        from qdiff.plotting.rates import plot_rates

        check_is(kind, str, "kind")
        own = [each for each in self.numbers if each.number.kind == kind and each.number.qubits]
        if not own:
            kinds = sorted({x.number.kind for x in self.numbers if x.number.qubits})
            raise InputError(f"kind {shown(kind)} was not learned of any qubit; kinds: {kinds}")
        before = [stated(self.start, each.number) for each in own]
        return plot_rates(
            ax,
            ["-".join(map(str, each.number.qubits)) for each in own],
            np.array([each.value for each in own]),
            np.array([each.interval for each in own]).T,
            np.array([np.nan if value is None else value for value in before]),
            shared=self.posterior.value(Number(kind)) if len(set(before)) == 1 else None,
            titles=("qubit" if QUBITS[kind] == 1 else "pair of qubits", _TITLES[kind]),
        )

    def plot_map(self, ax: Axes | None = None) -> Axes:
        """Draw qubits and coupled pairs, coloured by their errors, and return the axes.

        Qubits lie where springs between coupled ones put them, not where they are on a chip.
        Raises `InputError` where no qubit was learned from.
        """
        import rustworkx  # comes with Qiskit

        from qdiff.plotting.coupling_map import plot_coupling_map

        numbers = {each.number: each.value for each in self.numbers}
        qubits = sorted({q[0] for kind, q in numbers if kind == READOUT[0] and q})
        if not qubits:
            raise InputError("nothing was learned of any qubit: add circuits and their shots")
        pairs = {
            (number.qubits[0], number.qubits[1]): value
            for number, value in numbers.items()
            if number.kind == "pauli2" and set(number.qubits) <= set(qubits) and number.qubits
        }
        graph = rustworkx.PyGraph()
        node = dict(zip(qubits, graph.add_nodes_from(qubits), strict=True))
        graph.add_edges_from_no_data([(node[a], node[b]) for a, b in pairs])
        found = rustworkx.spring_layout(graph, seed=1, num_iter=500)
        places = {qubit: (float(found[node[qubit]][0]), float(found[node[qubit]][1]))
                  for qubit in qubits}  # fmt: skip
        readout = {
            qubit: float(np.mean([numbers[Number(kind, (qubit,))] for kind in READOUT]))
            for qubit in qubits
        }
        return plot_coupling_map(ax, places, readout, pairs)
