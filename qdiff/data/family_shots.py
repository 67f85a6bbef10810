"""`FamilyShots`: shots of one parametrised circuit at many values and strengths of its noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qdiff.data import storage
from qdiff.data.argument_checks import check_is, check_list, check_mapping
from qdiff.data.bits import Floats
from qdiff.data.registers import Register, registers_in, registers_to_json, width_of
from qdiff.data.shots import Provenance, Shots
from qdiff.errors import InputError

_MAX_NAMES = 1 << 12
"""Parameters beyond any circuit's that one would sweep."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FamilyShots:
    """Shots at ``k`` points of a family. `qdiff.simulate_family` draws them; a device may too.

    Attributes
    ----------
    names
        The parameters, in the order of the columns of `values`.
    values
        ``(k, parameters)``, finite.
    strengths
        ``(k,)``, positive: how strong the noise was at each point, 1 being its usual strength.
    shots
        The shots of each point, all of the same registers, none empty.
    provenance
        Where they came from, as JSON.

    Raises `InputError` for anything else.

    >>> tossed = Shots.from_counts({"0": 60, "1": 40})
    >>> swept = FamilyShots.of(["a"], [[0.1], [0.2]], [tossed, tossed])
    >>> len(swept), swept.num_bits, len(swept + swept)
    (2, 1, 4)
    """

    names: tuple[str, ...]
    values: Floats
    strengths: Floats
    shots: tuple[Shots, ...]
    provenance: Provenance = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_names(self.names)
        check_list(self.shots, "shots")
        check_mapping(self.provenance, "provenance")
        for name in ("values", "strengths"):
            object.__setattr__(self, name, as_floats(getattr(self, name), name))
        number = len(self.shots)
        if not number or not all(isinstance(each, Shots) for each in self.shots):
            raise InputError("shots must be Shots, of one point at least")
        if self.values.shape != (number, len(self.names)):
            raise InputError(
                f"{number} points of {', '.join(self.names)} need values of the shape "
                f"{(number, len(self.names))}, got {self.values.shape}"
            )
        if self.strengths.shape != (number,):
            raise InputError(
                f"{number} points need as many strengths, got the shape {self.strengths.shape}"
            )
        if not np.isfinite(self.values).all() or not np.isfinite(self.strengths).all():
            raise InputError("values and strengths must be finite; leave out points without them")
        if not (self.strengths > 0).all():
            raise InputError(
                "strengths must be positive: a model sees their logarithms; give noiseless points "
                "a small one, such as 0.001"
            )
        for place, each in enumerate(self.shots):
            if each.registers != self.registers:
                raise InputError(
                    f"point {place} has registers {each.registers}, the first has {self.registers}"
                )
            if not each.num_shots:
                raise InputError(f"point {place} has no shots; leave it out")

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        values: ArrayLike,
        shots: Sequence[Shots],
        *,
        strengths: ArrayLike | None = None,
        provenance: Provenance | None = None,
    ) -> FamilyShots:
        """From anything that makes such arrays; without `strengths` all are 1."""
        shots = check_list(shots, "shots")
        return cls(
            names=tuple(check_list(names, "names")),
            values=as_floats(values, "values"),
            strengths=as_floats(
                np.ones(len(shots)) if strengths is None else strengths, "strengths"
            ),
            shots=tuple(shots),
            provenance={} if provenance is None else provenance,
        )

    @property
    def registers(self) -> tuple[Register, ...]:
        return self.shots[0].registers

    @property
    def num_bits(self) -> int:
        return width_of(self.registers)

    @property
    def num_shots(self) -> int:
        """At all points together."""
        return sum(each.num_shots for each in self.shots)

    def __len__(self) -> int:
        """The number of points ``k``."""
        return len(self.shots)

    def __add__(self, other: FamilyShots) -> FamilyShots:
        """The points of both. Raises `InputError` where names or registers differ."""
        if not isinstance(other, FamilyShots):
            return NotImplemented
        if other.names != self.names:
            raise InputError(
                f"cannot add points of {', '.join(other.names)} to points of "
                f"{', '.join(self.names)}: the same names in the same order are needed"
            )
        if other.registers != self.registers:
            raise InputError(
                f"cannot add shots of registers {other.registers} to those of {self.registers}"
            )
        return FamilyShots(
            names=self.names,
            values=np.concatenate([self.values, other.values]),
            strengths=np.concatenate([self.strengths, other.strengths]),
            shots=(*self.shots, *other.shots),
            provenance=_joined(self.provenance, other.provenance),
        )

    def __getitem__(self, points: slice) -> FamilyShots:
        """Some of the points. Raises `InputError` for anything but a slice."""
        check_is(points, slice, "points")
        return FamilyShots(
            names=self.names,
            values=self.values[points],
            strengths=self.strengths[points],
            shots=self.shots[points],
            provenance=self.provenance,
        )

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file. An existing `path` is refused unless `force`."""
        tensors = {
            "values": self.values,
            "strengths": self.strengths,
            "words": np.concatenate([each.words for each in self.shots]),
            "counts": np.concatenate([each.counts for each in self.shots]),
            "distinct": np.array([len(each.counts) for each in self.shots]),
        }
        metadata = {
            "names": list(self.names),
            "registers": registers_to_json(self.registers),
            "provenance": dict(self.provenance),
        }
        storage.write(path, storage.Kind.FAMILY_SHOTS, tensors, metadata, force=force)

    @classmethod
    def load(cls, path: str | Path) -> FamilyShots:
        """Read what `save` wrote. Raises `InputError` for any other or damaged file."""
        content = storage.read(path, storage.Kind.FAMILY_SHOTS)
        registers, provenance = registers_in(content), content.json_object("provenance")
        words = content.array("words", np.uint64, ndim=2)
        counts = content.array("counts", np.int64, ndim=1)
        distinct = content.array("distinct", np.int64, ndim=1)
        within = (distinct >= 0).all() and (distinct <= len(words)).all()
        if not within or distinct.sum() != len(words) or len(words) != len(counts):
            raise content.damaged("its strings are not those of its points")
        edges = np.concatenate([[0], np.cumsum(distinct)]).tolist()
        with content.blamed("shots"):
            return cls(
                names=names_in(content),
                values=content.array("values", np.float64, ndim=2),
                strengths=content.array("strengths", np.float64, ndim=1),
                shots=tuple(
                    Shots(words=words[a:b], counts=counts[a:b], registers=registers)
                    for a, b in pairwise(edges)
                ),
                provenance=provenance,
            )

    def __repr__(self) -> str:
        return (
            f"FamilyShots({', '.join(self.names)}; points={len(self)}, num_bits={self.num_bits}, "
            f"num_shots={self.num_shots})"
        )


def check_names(names: Sequence[str]) -> None:
    """Raise `InputError` unless these are names of parameters, each once."""
    names = check_list(names, "names")
    texts = all(isinstance(name, str) and name for name in names)
    if not names or len(names) > _MAX_NAMES or not texts or len(set(names)) != len(names):
        raise InputError(f"a family needs names of parameters, each once; got {list(names)[:9]}")


def names_in(content: storage.Content) -> tuple[str, ...]:
    """The parameters that a file names."""
    names = content.metadata.get("names")
    if not isinstance(names, list):
        raise content.damaged("it does not name its parameters")
    check_names(names)
    return tuple(names)


def as_floats(values: ArrayLike, what: str) -> Floats:
    """Numbers as ``float64``. Raises `InputError` for what are none."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be an array of numbers") from None


def _joined(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What both say alike, and the rest apart."""
    if dict(own) == dict(other):
        return dict(own)
    parts = [part for each in (own, other) for part in each.get("added", [dict(each)])]
    return {"added": parts}
