"""Qiskit's result objects, to and from `Shots`; duck-typed, so that reading needs no Qiskit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qdiff.data.argument_checks import check_list, check_whole, shown
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.bit_arrays import Packed, all_rows, by_register, bytes_of, joined
from qdiff.files.counts_json import choose, read_counts
from qdiff.files.hints import Hints
from qdiff.files.runtime_json import at_index


def from_qiskit(
    result: Any, *, pub: int | None = None, index: Sequence[int] | None = None
) -> Shots:
    """Shots of a ``PrimitiveResult``, ``PubResult``, ``DataBin``, ``BitArray`` or ``Result``.

    Registers come in the result's order, bit 0's first. `pub` chooses among several circuits,
    `index` a point of a parameter sweep.

    Raises `InputError` when the choice is missing or wrong, and for anything else.

    >>> from qiskit.primitives import BitArray
    >>> from_qiskit(BitArray.from_counts({"011": 5}, num_bits=3)).to_counts()
    {'011': 5}
    """
    if isinstance(result, str | bytes):
        raise InputError(f"result must be a job's result, got {shown(result)}; load reads files")
    if pub is not None:
        check_whole(pub, "pub", least=0)
    chosen = None if index is None else tuple(check_list(index, "index"))
    for place in chosen or ():
        check_whole(place, "each of index", least=0)
    if hasattr(result, "to_dict") and hasattr(result, "get_counts") and hasattr(result, "results"):
        found = read_counts(result.to_dict(), Hints(pub=pub))
        if isinstance(found, Shots):
            return found
        raise InputError("the result holds a quasi-distribution")
    if hasattr(result, "get_bitstrings"):
        return joined([("c", _packed(result, chosen))], {"source": "BitArray"})
    if hasattr(result, "data") and hasattr(result, "metadata"):
        return from_qiskit(result.data, index=index)
    if hasattr(result, "items") and hasattr(result, "keys"):
        fields = [(name, _packed(array, chosen)) for name, array in result.items()]
        return joined(fields, {"source": "sampler primitive"})
    try:
        pubs = [*result]
    except TypeError:
        raise InputError(f"a {type(result).__name__} holds no shots that qdiff can read") from None
    if not pubs:
        raise InputError("the job has no results")
    return from_qiskit(choose(pubs, pub, "pub"), index=index)


def to_bit_arrays(shots: Shots) -> dict[str, Any]:
    """Qiskit's ``BitArray`` of each register; equal shots stand together."""
    from qiskit.primitives import BitArray

    fields = by_register(shots, all_rows(shots))
    return {name: BitArray(bytes_of(rows), rows.shape[1]) for name, rows in fields.items()}


def to_primitive_result(shots: Shots) -> Any:
    """Qiskit's ``PrimitiveResult`` with one pub."""
    from qiskit.primitives import DataBin, PrimitiveResult, SamplerPubResult

    try:
        data = DataBin(**to_bit_arrays(shots), shape=())
    except (ValueError, TypeError):
        raise InputError(
            f"Qiskit takes no registers called {[r.name for r in shots.registers]}; rename them"
        ) from None
    pub = SamplerPubResult(data, metadata={"shots": shots.num_shots})
    return PrimitiveResult([pub], metadata={"version": 2})


def _packed(array: Any, index: tuple[int, ...] | None) -> Packed:
    if not hasattr(array, "array") or not hasattr(array, "num_bits"):
        raise InputError(f"a {type(array).__name__} is no BitArray")
    table = at_index(np.asarray(array.array), index)
    return Packed(table=table, num_bits=int(array.num_bits))
