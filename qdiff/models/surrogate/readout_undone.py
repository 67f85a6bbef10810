"""A surrogate's law before readout errors."""

from __future__ import annotations

from qdiff.errors import InputError
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.table import TableLaw
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion
from qdiff.models.readout.unfolding import unfold
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.part_mixture import PartMixture


def before_readout(mixture: PartMixture, confusion: Confusion | None) -> PartMixture:
    """The circuit's own law before readout, and all other parts together unfolded.

    Without `confusion` it is the one fitted with the circuit. Raises `InputError` without either,
    for one of other bits, and beyond the reach of a table where there are other parts.
    """
    circuit = mixture.parts.get(Part.CIRCUIT)
    laws: dict[Part, AnyOrderLaw] = {}
    if isinstance(circuit, CircuitLaw) and mixture.weights[Part.CIRCUIT] > 0:
        confusion = confusion or circuit.confusion
        laws[Part.CIRCUIT] = circuit.before_readout()
    if confusion is None:
        raise InputError("the readout is unknown: give its confusion, or fit with the circuit")
    if confusion.num_bits != mixture.num_bits:
        raise InputError(
            f"the readout is of {confusion.num_bits} bits, the surrogate has {mixture.num_bits}"
        )
    weights = {part: mixture.weights[part] for part in laws}
    rest = [part for part in mixture.parts if part not in laws and mixture.weights[part] > 0]
    if rest:
        laws[Part.UNFOLDED] = TableLaw.of(unfold(confusion, mixture.only(*rest).table))
        weights[Part.UNFOLDED] = sum(mixture.weights[part] for part in rest)
    return PartMixture(laws, weights)
