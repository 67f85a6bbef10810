"""Files recognised by content: native ones, and those of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.data import storage
from qdiff.data.argument_checks import check_is
from qdiff.data.distribution import Distribution
from qdiff.data.family_shots import FamilyShots
from qdiff.data.shots import Shots
from qdiff.data.source import seekable
from qdiff.data.storage import Kind
from qdiff.errors import InputError
from qdiff.files.formats import Form, read
from qdiff.files.hints import Hints

if TYPE_CHECKING:
    from qdiff.models.surrogate.surrogate import Surrogate

_NO_HINTS = Hints()


def load(path: str | Path, hints: Hints = _NO_HINTS, *, form: Form | str | None = None) -> Any:
    """Read whatever `Shots.save`, `Surrogate.save` and the like wrote, or foreign shots.

    Foreign files are counts as JSON, an IBM runtime job, Stim ``01`` and ``b8``, npz, csv and
    Parquet (see `qdiff.files.formats`); `hints` says what such a file does not, `form` which one
    it is where its content leaves that open.

    Returns a `Shots`, `Distribution`, `Surrogate`, `LearnedNoise`, `FamilyShots` or
    `FamilySurrogate`; each class's own ``load`` takes only its kind.
    Raises `InputError` for a missing, unknown or damaged file.
    """
    check_is(hints, Hints, "hints")
    with seekable(path) as file:
        return _load(file, hints, form)


def _load(path: Path, hints: Hints, form: Form | str | None) -> Any:
    header = storage.read_header(path) if form is None else None
    if header is None:
        return read(path, hints, None if form is None else Form.parse(form))
    kind = header.get("kind")
    if kind == Kind.SHOTS.value:
        return Shots.load(path)
    if kind == Kind.DISTRIBUTION.value:
        return Distribution.load(path)
    if kind == Kind.SURROGATE.value:
        from qdiff.models.surrogate.surrogate import Surrogate

        return Surrogate.load(path)
    if kind == Kind.NOISE.value:
        from qdiff.noise_learning.learned_noise import LearnedNoise

        return LearnedNoise.load(path)
    if kind == Kind.FAMILY_SHOTS.value:
        return FamilyShots.load(path)
    if kind == Kind.FAMILY.value:
        from qdiff.models.families.family_surrogate import FamilySurrogate

        return FamilySurrogate.load(path)
    raise InputError(f"{path} holds {kind!r}, which this qdiff does not know")


def load_shots(path: str | Path, hints: Hints = _NO_HINTS) -> Shots:
    """Read shots, native or foreign. Raises `InputError` for anything else."""
    value = load(path, hints)
    if not isinstance(value, Shots):
        raise _unexpected(path, value, "shots")
    return value


def load_data(path: str | Path) -> Shots | Distribution:
    """Read what a surrogate can be fitted to. Raises `InputError` for anything else."""
    value = load(path)
    if not isinstance(value, Shots | Distribution):
        raise _unexpected(path, value, "shots or a distribution")
    return value


def load_surrogate(path: str | Path) -> Surrogate:
    """Read a surrogate. Raises `InputError` for anything else."""
    from qdiff.models.surrogate.surrogate import Surrogate

    value = load(path)
    if not isinstance(value, Surrogate):
        raise _unexpected(path, value, "a model")
    return value


def _unexpected(path: str | Path, value: object, expected: str) -> InputError:
    return InputError(f"{path} holds a {type(value).__name__.lower()}, expected {expected}")
