"""`Family`: the surrogates of one parametrised circuit, by the values of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qdiff.data.argument_checks import (
    check_is,
    check_iterable,
    check_list,
    check_number,
    is_number,
    shown,
)
from qdiff.errors import InputError
from qdiff.models.families.family_surrogate import FamilySurrogate
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.primitives.on_demand import OnDemand

Values = Mapping[str, float]
"""Values of a circuit's parameters, by name."""

Point = tuple[float, ...]
"""Values of the parameters, in the order of `Family.names`."""

TOLERANCE = 1e-9
"""How far values may differ and be the same: rounding."""


class Family:
    """A parametrised circuit and what answers at its values: surrogates, a model, fits on demand.

    The surrogate of exactly these values answers if there is one; then a `model` of all values,
    within its box; else one is fitted (and kept) with `on_demand`, or the values are refused. Give
    it to `SurrogateSampler` like a surrogate.

    Parameters
    ----------
    template
        The circuit, its parameters free.
    members
        Pairs of values and surrogate; values are a mapping from names, or a list in the order of
        ``template.parameters``.
    on_demand
        How to fit the surrogate of other values.
    model
        A `FamilySurrogate` of the same parameters.
    strength
        How strong the noise is that the model is asked about.

    Raises `InputError` for a circuit without parameters, for values that do not fit it, and for
    surrogates or a model of another number of bits or other parameters.

    >>> from qiskit.circuit import Parameter
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.ry(Parameter("a"), 0), circuit.measure_all()
    >>> family = Family.fitted(circuit, [[0.1], [0.2]], OnDemand(noise="light", shots=200))
    >>> len(family), family({"a": 0.2}).num_bits
    (2, 1)
    """

    def __init__(
        self,
        template: QuantumCircuit,
        members: Iterable[tuple[Values | Sequence[float], Surrogate]] = (),
        *,
        on_demand: OnDemand | None = None,
        model: FamilySurrogate | None = None,
        strength: float | None = None,
    ) -> None:
        if not check_is(template, QuantumCircuit, "template").num_parameters:
            raise InputError(f"circuit {template.name!r} has no free parameters: no family")
        self.template = template
        self.names = tuple(parameter.name for parameter in template.parameters)
        self._on_demand, self._model, self._strength = on_demand, model, strength
        if strength is not None:
            check_number(strength, "strength", least=np.finfo(float).tiny)
        if model is not None:
            _check_model(model, template)
        self._members: dict[Point, Surrogate] = {}
        if on_demand is not None:
            check_is(on_demand, OnDemand, "on_demand")
        for member in check_iterable(members, "members"):
            if not isinstance(member, tuple | list) or len(member) != 2:
                raise InputError(f"members must be pairs of values and surrogate, got {member!r}")
            self.add(*member)

    @classmethod
    def fitted(cls, template: QuantumCircuit, values: ArrayLike, on_demand: OnDemand) -> Family:
        """A family fitted at an array of values, its last axis in ``template.parameters``' order.

        Every point is fitted now; others will be when they are asked for.
        """
        family = cls(template, on_demand=check_is(on_demand, OnDemand, "on_demand"))
        try:
            points = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"values must be numbers, got {shown(values)}") from None
        if (
            points.ndim < 1
            or not np.isfinite(points).all()
            or points.shape[-1] != len(family.names)
        ):
            raise InputError(
                f"values need a last axis of {len(family.names)}, one for each of "
                f"{', '.join(family.names)}; got the shape {points.shape}"
            )
        for point in points.reshape(-1, len(family.names)):
            family(dict(zip(family.names, point.tolist(), strict=True)))
        return family

    def __len__(self) -> int:
        """How many sets of values have a surrogate."""
        return len(self._members)

    def add(self, values: Values | Sequence[float], surrogate: Surrogate) -> None:
        """Take the surrogate of some values, in place of an earlier one."""
        check_bits(surrogate, self.template.num_clbits)
        self._members[self._point(values)] = surrogate

    def __call__(self, values: Values) -> Surrogate:
        """The surrogate at these values. Raises `InputError` where there is and may be none."""
        point = self._point(values)
        found = self._nearest(point)
        if found is not None and max(map(abs, np.subtract(found, point))) <= TOLERANCE:
            return self._members[found]
        if self._model is not None:
            answer = self._of_model(self._model, point)
            if answer is not None:
                return answer
        if self._on_demand is None:
            raise InputError(
                f"the family of {self.template.name!r} has no surrogate at {self._shown(point)}"
                + ("" if found is None else f", the nearest is at {self._shown(found)}")
                + "; add one, or give on_demand to fit it"
            )
        bound = self.template.assign_parameters(dict(zip(self.names, point, strict=True)))
        self._members[point] = self._on_demand.surrogate(bound)
        return self._members[point]

    def _of_model(self, model: FamilySurrogate, point: Point) -> Surrogate | None:
        """Not outside of what the model was trained on, where a fit is possible instead."""
        values = dict(zip(self.names, point, strict=True))
        told = model.box.point(values, self._strength, force=True)
        if self._on_demand is not None and not model.box.holds(told):
            return None
        return model.at(values, strength=self._strength)

    def _point(self, values: Values | Sequence[float]) -> Point:
        if isinstance(values, Mapping):
            if {*values} != {*self.names}:
                raise InputError(f"the parameters are {', '.join(self.names)}; got {[*values]}")
            values = [values[name] for name in self.names]
        listed = check_list(values, "values")
        point = tuple(map(float, listed)) if all(map(is_number, listed)) else ()
        if len(point) != len(self.names) or not np.isfinite(point).all():
            raise InputError(f"{len(self.names)} finite values are needed, got {shown(values)}")
        return point

    def _nearest(self, point: Point) -> Point | None:
        """Of the known points; the exact one is found without looking at the others."""
        if point in self._members or not self._members:
            return point if self._members else None
        known = np.array([*self._members])
        return tuple(known[np.abs(known - point).max(axis=1).argmin()].tolist())

    def _shown(self, point: Point) -> str:
        return ", ".join(f"{n}={v:.6g}" for n, v in zip(self.names, point, strict=True))


def _check_model(model: FamilySurrogate, template: QuantumCircuit) -> None:
    check_bits(check_is(model, FamilySurrogate, "model"), template.num_clbits)
    names = sorted(parameter.name for parameter in template.parameters)
    if names != sorted(model.names):
        raise InputError(
            f"the model knows the parameters {', '.join(model.names)}, circuit "
            f"{template.name!r} has {', '.join(names)}"
        )


def check_bits(surrogate: Surrogate | FamilySurrogate, num_bits: int) -> None:
    """Raise `InputError` unless the surrogate has as many bits as its circuit."""
    if not isinstance(surrogate, Surrogate | FamilySurrogate):
        raise InputError(f"surrogate must be a Surrogate, got {shown(surrogate)}")
    if surrogate.num_bits != num_bits:
        raise InputError(
            f"the surrogate has {surrogate.num_bits} bits but its circuit has {num_bits}"
        )
