"""Where a command's result goes: checked before the work, saved after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qdiff.errors import InputError


def check(out: Path, *others: object, force: bool) -> None:
    """Refuse an output that could not be written, or that is one of the other files named."""
    from qdiff.data.output import check_output, is_standard

    if is_standard(out):
        raise InputError("only shots go to standard output, as counts; name a file with --out")
    check_output(out, force=force, others=others)


def check_shots(out: Path, *others: object, force: bool, as_json: bool) -> None:
    """The same, for shots, which may go to standard output where nothing else does."""
    from qdiff.data.output import is_standard

    if not is_standard(out):
        check(out, *others, force=force)
    elif as_json:
        raise InputError("--json and the shots would both go to standard output; leave one out")


def save(value: Any, out: Path, *, force: bool) -> None:
    """Save as a native file; shots for standard output as counts in JSON."""
    from qdiff.data.output import is_standard, write_bytes

    if not is_standard(out):
        value.save(out, force=force)
        return
    from qdiff.files.counts_json import write_counts

    write_bytes(out, write_counts(value))
