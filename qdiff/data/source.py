"""Reading users' files, and what comes through pipes as if it were a file."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qdiff.data.output import STANDARD, as_path
from qdiff.data.temporary_files import in_use, remove_left_behind
from qdiff.errors import InputError

MAX_PIPED_BYTES = 2**30
"""What may come through a pipe, which is kept on disk while it is read."""

_STANDARD_INPUT = Path("/dev/stdin")
_PORTION = 2**20
_PREFIX = "qdiff-pipe-"


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[Any]:
    """Open a user's file for reading bytes; a missing or unreadable one raises `InputError`."""
    with seekable(path) as file, _opened(file) as stream:
        yield stream


@contextlib.contextmanager
def seekable(path: str | Path) -> Iterator[Path]:
    """The path of a file that can be read several times and from any place.

    That is `path` itself, or where it is a pipe or a terminal (``-`` is standard input) a copy of
    what comes through it, of the same name, there as long as the context is. Messages about the
    copy are about `path`. Raises `InputError` for a device, and for more than `MAX_PIPED_BYTES`.
    """
    path = _STANDARD_INPUT if str(path) == STANDARD else as_path(path)
    if not _is_pipe(path):
        yield path
        return
    remove_left_behind(tempfile.gettempdir(), _PREFIX)
    with in_use(lambda: tempfile.mkdtemp(prefix=_PREFIX)) as folder:
        copy = Path(folder) / path.name
        _copy(path, copy)
        try:
            yield copy
        except InputError as error:
            raise InputError(str(error).replace(str(copy), str(path))) from None


def _is_pipe(path: Path) -> bool:
    """Whether a path can be read only once. Raises `InputError` for a device, maybe an endless one.

    A device is not opened to learn what it is; only a terminal is read, as standard input.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # opening it says why
        return False
    if not stat.S_ISCHR(found.st_mode):
        return stat.S_ISFIFO(found.st_mode)
    if not (os.isatty(0) and os.path.samestat(found, os.fstat(0))):
        raise InputError(f"cannot read {path}: it is a device, neither a file nor a pipe")
    return True


def _copy(path: Path, copy: Path) -> None:
    with _opened(path) as stream, open(copy, "wb") as kept:
        while portion := stream.read(_PORTION):
            kept.write(portion)
            if kept.tell() > MAX_PIPED_BYTES:
                limit = MAX_PIPED_BYTES >> 20
                raise InputError(f"more than {limit} MiB come through {path}; save them to a file")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if "\0" in str(path):
        raise InputError(f"there is no file {str(path)!r}")
    try:
        with open(path, "rb") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
