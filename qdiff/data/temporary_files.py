"""Temporary files and folders are locked while they are used: what is not was left by a kill."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def in_use(make: Callable[[], str]) -> Iterator[str]:
    """A new file or folder, locked by this process, and gone afterwards unless it was moved."""
    if sys.platform == "win32":
        name = make()
        try:
            yield name
        finally:
            _remove(name)
        return
    name, descriptor = _locked(make)
    try:
        yield name
    finally:
        os.close(descriptor)
        _remove(name)


def _locked(make: Callable[[], str]) -> tuple[str, int]:
    """What was made, and its lock; another process may take it for left behind in between."""
    while True:
        name = make()
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(name, os.O_RDONLY)
            _lock(descriptor, wait=True)
            if os.path.exists(name):
                return name, descriptor
            os.close(descriptor)


def remove_left_behind(folder: str | os.PathLike[str], prefix: str, suffix: str = "") -> None:
    """Remove what has such a name in a folder, and is used by no process any more."""
    if sys.platform == "win32":  # a file that is open cannot be moved there, so none is locked
        return
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(prefix) and name.endswith(suffix):
                _remove_unused(os.path.join(folder, name))


def _remove_unused(path: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if _lock(descriptor, wait=False):
                _remove(path)
        finally:
            os.close(descriptor)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock a file until it is closed, also by the end of the process. False where that fails."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # locked, or a file system without locks
        return False
    return True
