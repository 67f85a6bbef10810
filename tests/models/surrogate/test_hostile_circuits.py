"""A circuit's law in a file made to deceive: refused with one line, and before memory is taken."""

from __future__ import annotations

import numpy as np
import pytest
from spoiled_files import HUGE, Change, drop, put, refusal, rewritten, say, spoil

from qdiff import Confusion, Shots, Surrogate
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.surrogate.part import Part

READOUT = Confusion.independent([0.1, 0.0, 0.2], [0.0, 0.3, 0.1])


def told(clean: TableLaw | MatrixProductLaw, readout: Confusion) -> Surrogate:
    registers = Shots.from_counts({"000": 1}).registers
    law = CircuitLaw(clean, readout, 0.1, np.array([0.2, 0.5, 0.9]))
    parts = {Part.CIRCUIT: law}
    return Surrogate(parts=parts, weights={Part.CIRCUIT: 1.0}, registers=registers, card={})


def tabled() -> Surrogate:
    pairs = READOUT.with_pair_flips([(0, 2)], [0.05])
    return told(TableLaw.of(np.arange(1.0, 9.0) / 36), pairs)


def chained() -> Surrogate:
    return told(MatrixProductLaw([np.full((1, 2, 1), 0.5)] * 3), READOUT)


def described(name: str, value: object) -> Change:
    return say(value, "parts", "circuit", name)


TABLES: dict[str, tuple[Change, str]] = {
    "a register of 10^12 bits": (say([["c", HUGE]], "registers"), "bits"),
    "a register of 60 bits": (say([["c", 60]], "registers"), "no table of 60 bits"),
    "a table of other bits": (put("circuit.clean", np.full(4, 0.25)), "no table of 3 bits"),
    "a table of no bits": (put("circuit.clean", np.zeros(0)), "no table of 3 bits"),
    "a table of seven": (put("circuit.clean", np.full(7, 1 / 7)), "no table of 3 bits"),
    "a table with NaN": (spoil("circuit.clean", np.nan), "finite"),
    "a negative probability": (put("circuit.clean", np.array([2.0, -1] + [0.0] * 6)), "sum to one"),
    "a table too heavy": (put("circuit.clean", np.full(8, 1e300)), "sum to one"),
    "a table in words": (put("circuit.clean", np.full(8, 1, np.uint8)), "float64"),
    "no table": (drop("circuit.clean"), "circuit.order"),
    "marginals of other bits": (put("circuit.marginals", np.full(2, 0.5)), "fit"),
    "marginals with NaN": (spoil("circuit.marginals", np.nan), "finite"),
    "marginals beyond one": (spoil("circuit.marginals", 1.5), "probabilities"),
    "a background of 10^400": (described("background", 10**400), "background"),
    "a background NaN": (described("background", float("nan")), "NaN"),
    "a background in words": (described("background", "0.1"), "background"),
    "a true background": (described("background", True), "background"),
    "no background": (described("background", None), "background"),
    "a readout of bit 10^12": (described("readout_bits", [[HUGE]]), "no bits"),
    "a readout of a negative bit": (described("readout_bits", [[-1]]), "no bits"),
    "a readout of half a bit": (described("readout_bits", [[0.5]]), "which bits"),
    "a readout of a bit twice": (described("readout_bits", [[0, 0]]), "one bit or two"),
    "a readout of 10^4 bits": (described("readout_bits", [list(range(10**4))]), "which bits"),
    "ten thousand readouts": (described("readout_bits", [[0]] * 10**4), "2 x 2"),
    "a readout in words": (described("readout_bits", "012"), "which bits"),
    "a matrix with NaN": (spoil("circuit.readout1", np.nan), "finite"),
    "a matrix that makes chances": (put("circuit.readout1", np.full((2, 2), 0.6)), "sum to one"),
    "a matrix of a pair on one bit": (put("circuit.readout1", np.eye(4)), "2 x 2"),
    "a matrix of no size": (put("circuit.readout1", np.zeros((0, 0))), "2 x 2"),
    "a missing matrix": (drop("circuit.readout3"), "circuit.readout3"),
    "nothing said": (say({"circuit": 3}, "parts"), "describe"),
}  # fmt: skip

CHAINS: dict[str, tuple[Change, str]] = {
    "a register of 10^6 bits": (say([["c", 10**6]], "registers"), "order"),
    "a missing site": (drop("circuit.site1"), "circuit.site1"),
    "an empty bond": (put("circuit.site0", np.zeros((1, 2, 0))), "tensor 0"),
    "bonds that do not meet": (put("circuit.site1", np.full((2, 2, 1), 0.5)), "tensor 1"),
    "a site with NaN": (spoil("circuit.site2", np.nan), "finite"),
    "a bit twice": (put("circuit.order", [0, 0, 1]), "order"),
    "a chain of more bits": (put("circuit.order", np.arange(4)), "order"),
    "a bit of 10^12": (put("circuit.order", [0, 1, HUGE]), "order"),
    "a readout of a pair": (described("readout_bits", [[0], [1], [2, 0]]), "4 x 4"),
}


@pytest.mark.parametrize(
    ("model", "change", "says"),
    [(tabled, *case) for case in TABLES.values()] + [(chained, *case) for case in CHAINS.values()],
    ids=[*TABLES, *(f"chain: {name}" for name in CHAINS)],
)
def test_hostile_circuits_are_refused_with_one_line(tmp_path, model, change, says) -> None:
    path = tmp_path / "model.safetensors"
    model().save(path)
    rewritten(path, change)
    assert says in refusal(path)


@pytest.mark.parametrize("model", [tabled, chained])
def test_what_is_rewritten_unchanged_is_accepted(tmp_path, model) -> None:
    path = tmp_path / "model.safetensors"
    model().save(path)
    rewritten(path, lambda tensors, header: None)
    table = Surrogate.load(path).distribution().probabilities
    assert np.allclose(table, model().distribution().probabilities, atol=1e-15)
