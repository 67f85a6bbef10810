"""Standard output that is full or closed, or that no one reads any more: no traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

from qdiff.cli import console

_NO_READER = 128 + 13
"""The exit code that a shell gives a program which SIGPIPE ended, as in ``... | head``."""


class _Noting(io.FileIO):
    """A file that remembers why it could not be written; libraries end the program over it."""

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


def prepare() -> _Noting | None:
    """Make standard output remember its failures; None where a test has its own in its place.

    A stream that is closed is given a place that cannot be written to, else the next file that is
    opened would take its place, and be written to.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest free number, so this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is not sys.__stdout__:
        return None
    old, noting = sys.stdout, _Noting(1, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(noting),
        encoding=None if old is None else old.encoding,
        errors=None if old is None else old.errors,
        line_buffering=noting.isatty(),
    )
    return noting


def finished(noting: _Noting | None, code: int) -> int:
    """The exit code after all was written: another one where it was not, with a line that says so.

    Where the reader has gone there is nobody to tell.
    """
    if noting is None:
        return code
    with suppress(OSError):
        sys.stdout.flush()
    if noting.failure is None:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try again, and complain
    if noting.failure.errno != errno.EPIPE:
        console.fail(f"cannot write to standard output: {noting.failure.strerror}", 2)
    return _NO_READER
