"""Files recognised by content: native ones, and the counts JSON that everybody has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff import storage
from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.shots import Shots
from qdiff.storage import Kind

if TYPE_CHECKING:
    from qdiff.surrogate import Surrogate

_MAX_JSON_BYTES = 512 * 2**20


def load(path: str | Path) -> Any:
    """Read whatever `Shots.save`, `Distribution.save` or `Surrogate.save` wrote, or counts JSON.

    Returns a `Shots`, `Distribution` or `Surrogate`; each class's own ``load`` takes only its kind.
    Raises `InputError` for a missing, foreign or damaged file.
    """
    header = storage.read_header(Path(path))
    if header is None:
        return _read_counts(Path(path))
    kind = header.get("kind")
    if kind == Kind.SHOTS.value:
        return Shots.load(path)
    if kind == Kind.DISTRIBUTION.value:
        return Distribution.load(path)
    if kind == Kind.SURROGATE.value:
        from qdiff.surrogate import Surrogate

        return Surrogate.load(path)
    raise InputError(f"{path} holds {kind!r}, which this qdiff does not know")


def load_shots(path: str | Path) -> Shots:
    """Read shots, native or counts JSON. Raises `InputError` for anything else."""
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
    from qdiff.surrogate import Surrogate

    value = load(path)
    if not isinstance(value, Surrogate):
        raise InputError(f"{path} holds a {type(value).__name__.lower()}, expected a model")
    return value


def _read_counts(path: Path) -> Shots:
    """Qiskit counts as JSON: ``{"01 1": 7}``, or that under the key ``counts``."""
    with storage.opened(path) as file:
        raw = file.read(_MAX_JSON_BYTES + 1)
    if len(raw) > _MAX_JSON_BYTES:
        raise InputError(f"{path} is larger than {_MAX_JSON_BYTES >> 20} MiB of JSON")
    try:
        value = json.loads(raw, object_pairs_hook=_without_repeats)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path} is neither a qdiff file nor counts as JSON") from None
    if isinstance(value, dict) and isinstance(value.get("counts"), dict):
        value = value["counts"]
    if not isinstance(value, dict) or not value:
        raise InputError(f"{path} is JSON, but not counts such as {{'01': 7}}")
    try:
        return Shots.from_counts(value, provenance={"source": path.name})
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InputError("a key occurs twice")
    return value
