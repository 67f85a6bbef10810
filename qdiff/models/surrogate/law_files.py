"""How laws that are numbers alone are kept in a file: tables, chains, shots, laws of circuits.

A file may be made to deceive: sizes that it states are compared with those of the arrays that it
holds before anything is built of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qdiff.data.registers import registers_in
from qdiff.data.shots import Shots
from qdiff.data.storage import Content
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion, Factor

Tensors = dict[str, NDArray[Any]]

Written = tuple[Tensors, dict[str, Any]]
"""Tensors and JSON, which the reader of the same kind of law reads again."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A law in a file: under which name, of how many bits, and where its networks should be.

    Every reader raises `InputError` where the file does not hold the law whole.
    """

    content: Content
    name: str
    num_bits: int
    device: torch.device

    @property
    def described(self) -> dict[str, Any]:
        """What JSON says of it."""
        described = self.content.json_object("parts").get(self.name)
        if not isinstance(described, dict):
            raise self.content.damaged(f"it does not describe its {self.name} part")
        return described

    def array(self, key: str, dtype: type[np.generic], *, ndim: int) -> NDArray[Any]:
        return self.content.array(f"{self.name}.{key}", dtype, ndim=ndim)


def write_table(law: Any) -> Written:
    return {"probabilities": law.table()}, {}


def read_table(stored: Stored, key: str = "probabilities") -> TableLaw:
    """Probabilities that sum to one."""
    table = stored.array(key, np.float64, ndim=1)
    # not 1 << num_bits, which a file may make as long as it likes
    if len(table).bit_length() != stored.num_bits + 1 or len(table) & (len(table) - 1):
        raise stored.content.damaged(
            f"its {stored.name} part is no table of {stored.num_bits} bits"
        )
    if table.min() < 0 or not abs(table.sum() - 1) < 1e-6:
        raise stored.content.damaged(
            f"the probabilities of its {stored.name} part do not sum to one"
        )
    return TableLaw.of(table)


def write_interactions(law: Any) -> Written:
    return {"log_probabilities": law.log_probabilities}, {}


def read_interactions(stored: Stored) -> TableLaw:
    """Logarithms of probabilities."""
    logs = stored.array("log_probabilities", np.float64, ndim=1)
    if len(logs) != 1 << stored.num_bits:
        raise stored.content.damaged(f"its interactions part is no table of {stored.num_bits} bits")
    with np.errstate(over="ignore"):
        total = np.exp(logs).sum()
    if not abs(total - 1) < 1e-9:
        raise stored.content.damaged("the probabilities of its interactions part do not sum to one")
    return TableLaw(logs)


def write_chain(law: Any) -> Written:
    """The tensors, and the order of the chain."""
    tensors = {f"site{site}": tensor for site, tensor in enumerate(law.tensors)}
    return tensors | {"order": np.array(law.order, dtype=np.int64)}, {}


def read_chain(stored: Stored) -> MatrixProductLaw:
    order = stored.array("order", np.int64, ndim=1)
    if len(order) != stored.num_bits:
        raise stored.content.damaged(
            f"its {stored.name} part has no order of {stored.num_bits} bits"
        )
    sites = [stored.array(f"site{site}", np.float64, ndim=3) for site in range(stored.num_bits)]
    with stored.content.blamed(f"{stored.name} part"):
        return MatrixProductLaw(sites, order.tolist())


def write_shots(law: Any) -> Written:
    return {"words": law.shots.words, "counts": law.shots.counts}, {}


def read_shots(stored: Stored) -> HistogramLaw:
    registers = registers_in(stored.content)
    words = stored.array("words", np.uint64, ndim=2)
    counts = stored.array("counts", np.int64, ndim=1)
    if not len(counts):
        raise stored.content.damaged("its shots part has no shots")
    with stored.content.blamed("shots part"):
        return HistogramLaw(Shots(words=words, counts=counts, registers=registers))


def write_circuit(law: Any) -> Written:
    """Numbers only, nothing of Qiskit."""
    tensors: Tensors = {"marginals": law.marginals}
    if isinstance(law.clean, TableLaw):
        tensors["clean"] = law.clean.table()
    else:
        tensors |= write_chain(law.clean)[0]
    factors = law.confusion.factors
    tensors |= {f"readout{number}": factor.matrix for number, factor in enumerate(factors)}
    described = {
        "readout_bits": [list(factor.bits) for factor in factors],
        "background": law.background,
    }
    return tensors, described


def read_circuit(stored: Stored) -> CircuitLaw:
    content, name = stored.content, stored.name
    described = stored.described
    marginals = stored.array("marginals", np.float64, ndim=1)
    background: Any = described.get("background")
    if type(background) not in (int, float) or not 0 <= background <= 1:
        raise content.damaged(f"the background of its {name} part is no weight")
    has_table = f"{name}.clean" in content.tensors
    clean = read_table(stored, "clean") if has_table else read_chain(stored)
    confusion = _confusion(stored, described.get("readout_bits"))
    with content.blamed(f"{name} part"):
        return CircuitLaw(clean, confusion, float(background), marginals)


def _confusion(stored: Stored, listed: Any) -> Confusion:
    content, name = stored.content, stored.name
    if not isinstance(listed, list) or not all(map(_are_bits, listed)):
        raise content.damaged(f"its {name} part does not say which bits its readout is of")
    factors = []
    for number, bits in enumerate(listed):
        matrix = stored.array(f"readout{number}", np.float64, ndim=2)
        with content.blamed(f"{name} part"):
            factors.append(Factor(bits=tuple(bits), matrix=matrix))
    with content.blamed(f"{name} part"):
        return Confusion(num_bits=stored.num_bits, factors=tuple(factors))


def _are_bits(bits: object) -> bool:
    return isinstance(bits, list) and 1 <= len(bits) <= 2 and all(type(bit) is int for bit in bits)
