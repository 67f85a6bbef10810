"""Files recognised by content: native ones, and those of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.data import storage
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.data.storage import Kind
from qdiff.errors import InputError
from qdiff.files import formats as forms
from qdiff.files.formats import Form
from qdiff.files.hints import Hints

if TYPE_CHECKING:
    from qdiff.models.surrogate.surrogate import Surrogate

_NO_HINTS = Hints()


def load(path: str | Path, hints: Hints = _NO_HINTS, *, form: Form | str | None = None) -> Any:
    """Read whatever `Shots.save`, `Distribution.save` or `Surrogate.save` wrote, or foreign shots.

    Foreign files are counts as JSON, an IBM runtime job, Stim ``01`` and ``b8``, npz, csv and
    Parquet (see `qdiff.files.formats`); `hints` says what such a file does not, `form` which one
    it is where its content leaves that open.

    Returns a `Shots`, `Distribution` or `Surrogate`; each class's own ``load`` takes only its kind.
    Raises `InputError` for a missing, unknown or damaged file.
    """
    header = storage.read_header(Path(path)) if form is None else None
    if header is None:
        return forms.read(Path(path), hints, None if form is None else as_form(form))
    kind = header.get("kind")
    if kind == Kind.SHOTS.value:
        return Shots.load(path)
    if kind == Kind.DISTRIBUTION.value:
        return Distribution.load(path)
    if kind == Kind.SURROGATE.value:
        from qdiff.models.surrogate.surrogate import Surrogate

        return Surrogate.load(path)
    raise InputError(f"{path} holds {kind!r}, which this qdiff does not know")


def load_shots(path: str | Path) -> Shots:
    """Read shots, native or foreign. Raises `InputError` for anything else."""
    value = load(path)
    if not isinstance(value, Shots):
        raise InputError(f"{path} holds a {type(value).__name__.lower()}, expected shots")
    return value


def load_data(path: str | Path) -> Shots | Distribution:
    """Read what a surrogate can be fitted to. Raises `InputError` for anything else."""
    value = load(path)
    if not isinstance(value, Shots | Distribution):
        raise InputError(
            f"{path} holds a {type(value).__name__.lower()}, expected shots or a distribution"
        )
    return value


def load_distribution(path: str | Path) -> Distribution:
    """Read a distribution. Raises `InputError` for anything else."""
    value = load(path)
    if not isinstance(value, Distribution):
        raise InputError(f"{path} holds a {type(value).__name__.lower()}, expected a distribution")
    return value


def load_surrogate(path: str | Path) -> Surrogate:
    """Read a surrogate. Raises `InputError` for anything else."""
    from qdiff.models.surrogate.surrogate import Surrogate

    value = load(path)
    if not isinstance(value, Surrogate):
        raise InputError(f"{path} holds a {type(value).__name__.lower()}, expected a model")
    return value


def as_form(form: Form | str) -> Form:
    """A format by its name. Raises `InputError` for an unknown one."""
    try:
        return Form(form)
    except ValueError:
        raise InputError(f"unknown format {form!r}; there are {', '.join(Form)}") from None
