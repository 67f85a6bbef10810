"""Pictures of learned noise: what is read on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from legibility import complaints_about
from matplotlib import pyplot
from noisy_pairs import TRUTH, noisy_pairs

from qdiff import InputError, LearnedNoise, NoiseSpec, learn_noise
from qdiff.noise.rates import QubitNoise


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def learned() -> LearnedNoise:
    start = NoiseSpec(**{**vars(TRUTH), "qubits": {1: QubitNoise(readout=(0.04, 0.05))}})
    return learn_noise(noisy_pairs(2000)[:1], start=start, operations=1e5)


@pytest.mark.parametrize("kind", ["pauli1", "pauli2", "one_given_zero", "relax1"])
def test_rates_stand_beside_what_was_stated(learned: LearnedNoise, kind: str) -> None:
    if kind == "relax1":  # nothing was stated of it: all share one number
        axes = learned.plot(kind=kind)
    else:
        axes = learned.plot(pyplot.subplots(layout="constrained")[1], kind=kind)
    axes.figure.canvas.draw()
    assert complaints_about([axes]) == []
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert ("stated before" in legend) == (kind != "relax1")
    assert ("shared by all" in legend) == (kind != "one_given_zero")
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == (["0-1", "1-2"] if kind == "pauli2" else ["0", "1", "2"])
    assert axes.get_xlabel() == ("pair of qubits" if kind == "pauli2" else "qubit")


def test_the_map_has_every_qubit_and_pair(learned: LearnedNoise) -> None:
    axes = learned.plot_map()
    axes.figure.canvas.draw()
    assert complaints_about(axes.figure.axes) == []
    assert [text.get_text() for text in axes.texts] == ["0", "1", "2"]
    titles = [each.get_ylabel() for each in axes.figure.axes if each is not axes]
    assert sorted(titles) == ["errors a gate on two qubits", "readout error"]
    segments = axes.collections[1].get_segments()
    assert len(segments) == 2
    lengths = [np.linalg.norm(np.diff(segment, axis=0)) for segment in segments]
    assert max(lengths) < 2 * min(lengths)


def test_records_and_refusals(learned: LearnedNoise) -> None:
    with pytest.raises(InputError, match="kind 'leakage' was not learned"):
        learned.plot(kind="leakage")
    pytest.importorskip("pandas", reason="needs the extra 'pandas'")
    table = learned.to_pandas()
    assert set(table.columns) >= {"kind", "qubits", "value", "interval", "told", "stated"}
    own = table[
        (table.kind == "one_given_zero") & table.qubits.map(lambda qubits: [*qubits] == [1])
    ]
    assert own.stated.tolist() == [0.04]
