"""Files that cannot be half-written and are checked before memory is taken.

Every native file is one safetensors file with a ``qdiff`` entry of JSON in its header: the kind,
the schema version, and what belongs to the kind. Nothing is ever pickled.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data.output import write_bytes
from qdiff.data.source import opened, seekable
from qdiff.errors import InputError

SCHEMA_VERSION = 1
_KEY = "qdiff"
_MAX_HEADER_BYTES = 16 * 2**20
_LONGEST_REASON = 300
"""Characters of a message that quotes a file: what a hostile one holds may be megabytes."""


class Kind(StrEnum):
    """What a native file holds."""

    SHOTS = "shots"
    DISTRIBUTION = "distribution"
    SURROGATE = "surrogate"
    CHECKPOINT = "checkpoint"
    NOISE = "noise"
    FAMILY_SHOTS = "family_shots"
    FAMILY = "family"


@dataclass(frozen=True, kw_only=True)
class Content:
    """A native file, read and checked as far as any kind needs."""

    path: Path
    tensors: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, Any]

    def array(self, name: str, dtype: type[np.generic], *, ndim: int) -> NDArray[Any]:
        """The tensor `name`.

        Raises `InputError` when it is missing, of another type or rank, or not finite.
        """
        tensor = self.tensors.get(name)
        if tensor is None or tensor.dtype != dtype or tensor.ndim != ndim:
            raise self.damaged(f"it has no {np.dtype(dtype)} tensor {name!r} of rank {ndim}")
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise self.damaged(f"not all numbers of the tensor {name!r} are finite")
        return tensor

    def json_object(self, name: str) -> dict[str, Any]:
        value = self.metadata.get(name)
        if not isinstance(value, dict):
            raise self.damaged(f"it has no {name!r} in its header")
        return value

    def damaged(self, why: str) -> InputError:
        """What to raise where the file holds what it should not."""
        return _damaged(self.path, why)

    @contextlib.contextmanager
    def blamed(self, where: str) -> Iterator[None]:
        """Lay on the file whatever `InputError` or wrong type the code inside stumbles over."""
        try:
            yield
        except (InputError, TypeError, ValueError, OverflowError) as error:
            raise self.damaged(f"its {where}: {one_line(error)}") from None


def write(
    path: str | Path,
    kind: Kind,
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, Any],
    *,
    force: bool = False,
) -> None:
    """Write a native file, whole or not at all. An existing `path` is refused unless `force`."""
    from safetensors.numpy import save

    header = {"kind": kind.value, "schema": SCHEMA_VERSION, **metadata}
    # not np.ascontiguousarray, which makes a number an array of one
    arrays = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    try:
        text = json.dumps(header, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: what is noted of the data is no JSON: {one_line(error)}"
        ) from None
    write_bytes(path, save(arrays, metadata={_KEY: text}), force=force)


def read(path: str | Path, kind: Kind) -> Content:
    """Read a native file of `kind`. Raises `InputError` for any other, foreign or damaged file."""
    with seekable(path) as file:
        return _read(file, kind, tensors=True)


def describe(path: str | Path, kind: Kind) -> Content:
    """The same without its tensors, of which only the sizes are checked: quick at any size."""
    with seekable(path) as file:
        return _read(file, kind, tensors=False)


def _read(path: Path, kind: Kind, *, tensors: bool) -> Content:
    from safetensors import SafetensorError, safe_open

    header = read_header(path)
    if header is None:
        raise InputError(f"{path} is not a qdiff file")
    if header.get("kind") != kind.value:
        raise InputError(f"{path} holds {header.get('kind')!r}, expected {kind.value!r}")
    if header.get("schema") != SCHEMA_VERSION:
        raise InputError(
            f"{path} has schema {header.get('schema')!r}; this qdiff reads {SCHEMA_VERSION}"
        )
    try:
        with safe_open(path, framework="numpy") as file:  # checks sizes against the file's length
            names = file.keys() if tensors else ()
            found = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise _damaged(path, one_line(error)) from None
    return Content(path=path, tensors=found, metadata=header)


def read_header(path: Path) -> dict[str, Any] | None:
    """The ``qdiff`` entry of a safetensors header, or None for any other kind of file.

    Raises `InputError` when the file is missing, cannot be read, or has a number in that entry
    which is not finite.
    """
    with opened(path) as file:
        prefix = file.read(8)
        size = int.from_bytes(prefix, "little")
        if len(prefix) < 8 or not 2 <= size <= _MAX_HEADER_BYTES:
            return None
        raw = file.read(size)
    try:
        entry = json.loads(raw)["__metadata__"][_KEY]
        header = json.loads(entry, parse_float=_finite, parse_constant=_finite)
    except _NotFiniteError as error:
        raise _damaged(path, f"its header holds the number {error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def _plain(value: object) -> Any:
    """A number of numpy's, such as a seed, as JSON has it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot be written")


def one_line(error: BaseException) -> str:
    """An exception's message on one line, for use inside another message."""
    return " ".join(str(error).split()) or type(error).__name__


def _damaged(path: Path, why: str) -> InputError:
    short = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]}..."
    return InputError(f"{path} is damaged: {short}")


class _NotFiniteError(ValueError):
    """JSON that Python writes and reads, and no one else."""


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotFiniteError(text)
    return value
