"""Writing files: whole or not at all, where the path leads, and never over what is still needed.

A file is written under a temporary name beside the target and then moved there. While it is written
it is locked, so that one left behind by a killed process is known, and the next writer of that
target removes it. Pipes and devices are written to as they are; a symbolic link is followed.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from qdiff.data.argument_checks import check_flag, shown
from qdiff.data.temporary_files import in_use, remove_left_behind
from qdiff.errors import InputError

STANDARD = "-"
"""Standard output, or input, in the place of a file's name."""

_SUFFIX = ".qdiff-part"
_LONGEST_PREFIX = 40
"""Characters of the target's name that its temporary one has, which must not be too long."""


def write_text(path: str | Path, text: str, *, force: bool = False) -> None:
    """Write UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode(), force=force)


def write_bytes(path: str | Path, payload: bytes, *, force: bool = False) -> None:
    """Write a file, so that `path` is never half of one; or into a pipe, a device or ``-``.

    A file that is replaced keeps its permissions. Raises `InputError` as `check_output` does, and
    when the disk refuses.
    """
    check_output(path, force=force)
    path = as_path(path)
    if is_standard(path):  # whose failures are the program's, not this file's
        sys.stdout.buffer.write(payload)
        sys.stdout.flush()
        return
    try:
        if _is_stream(path):
            with open(path, "wb", buffering=0) as stream:
                _write_all(stream.fileno(), payload)
        else:
            _write_file(Path(os.path.realpath(path)), payload, force=force)
    except OSError as error:
        raise _refused(path, error) from None


def check_output(path: str | Path, *, force: bool, others: tuple[object, ...] = ()) -> None:
    """Refuse what could not be written, before there is any work to lose.

    Raises `InputError` where `path` exists and `force` is not set; where it is one of `others`, the
    inputs and the other outputs (what names no file does not matter); where it is a folder or what
    else cannot be replaced by a file; where its folder is missing, or may not be written to.
    """
    path = as_path(path)
    check_flag(force, "force")
    if is_standard(path):
        return
    try:
        mode = _mode(path)
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None
    if mode is not None and stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder; name a file, such as {path / 'result'}")
    if not _is_stream(path):
        if any(_same(path, other) for other in others):
            raise InputError(
                f"{path} is an input or another output as well, and would be lost; choose another "
                "name"
            )
        if mode is not None and not stat.S_ISREG(mode):
            raise InputError(f"cannot write {path}: it is neither a file nor a pipe")
        if not force and os.path.lexists(path):
            _remove_unfinished_of(Path(os.path.realpath(path)))  # of a writer killed at its end
            raise exists(path)
    _check_permission(path)


def as_path(path: object, name: str = "path") -> Path:
    """A path that a caller gave. Raises `InputError` for what is none."""
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise InputError(f"{name} must be text or a Path, got {shown(path)}")
    if not os.fspath(path) or "\0" in str(path):
        raise InputError(f"there is no file {str(path)!r}: {name} must name one")
    return Path(path)


def exists(path: str | Path) -> InputError:
    """What to raise where something may not be replaced."""
    return InputError(f"{path} exists; choose another name, or replace it with --force")


def _check_permission(path: str | Path) -> None:
    target = Path(os.path.realpath(path))
    if not target.exists() or target.is_file():  # which is then moved into its folder
        if not target.parent.is_dir():
            raise InputError(f"cannot write {path}: there is no folder {target.parent}")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise InputError(f"cannot write {path}: its folder may not be written to")
    if target.exists() and not os.access(target, os.W_OK):
        raise InputError(f"cannot write {path}: it may not be written to")


def _mode(path: str | Path) -> int | None:
    """What kind of thing a path leads to; None where there is nothing yet."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def is_standard(path: str | Path) -> bool:
    """Whether a path is standard output: a file behind it, opened anew, would begin again."""
    return str(path) in (STANDARD, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def _is_stream(path: str | Path) -> bool:
    """Whether a path is what takes bytes and keeps none, so that nothing there can be lost."""
    mode = _mode(path)
    return mode is not None and (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode))


def _same(path: str | Path, other: object) -> bool:
    """Whether two paths lead to one file, there or not yet there."""
    if not isinstance(other, str | Path) or "\0" in str(other):
        return False
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    return os.path.exists(path) and os.path.exists(other) and os.path.samefile(path, other)


def _write_all(descriptor: int, payload: bytes) -> None:
    rest = memoryview(payload)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def folder_for(path: str | Path) -> Path:
    """A folder that results go to, made with those above it where there is none.

    Raises `InputError` where that cannot be done, and where nothing may be written there.
    """
    path = as_path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {path}: {error.strerror or error}") from None
    check_output(path / "any", force=True)
    return path


def remove_unfinished(folder: str | Path) -> None:
    """Remove what killed processes left unfinished in a folder, of whatever files."""
    remove_left_behind(folder, ".", _SUFFIX)


def _remove_unfinished_of(path: Path) -> str:
    """Remove what is left of earlier writings of a file; the prefix of such names."""
    prefix = f".{path.name[:_LONGEST_PREFIX]}."
    remove_left_behind(path.parent, prefix, _SUFFIX)
    return prefix


def _write_file(path: Path, payload: bytes, *, force: bool) -> None:
    mode = _mode(path)
    prefix = _remove_unfinished_of(path)
    with in_use(lambda: _temporary(path.parent, prefix)) as name:
        with open(name, "wb", buffering=0) as file:
            _write_all(file.fileno(), payload)
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask() if mode is None else stat.S_IMODE(mode))
        _publish(name, path, force=force)


def _temporary(folder: Path, prefix: str) -> str:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=_SUFFIX)
    os.close(descriptor)
    return name


def _publish(name: str, path: Path, *, force: bool) -> None:
    """Move the finished file into place; without `force`, never over one that has appeared."""
    if force:
        os.replace(name, path)
        return
    try:
        os.link(name, path)
    except FileExistsError:
        raise exists(path) from None
    except OSError:  # a file system without hard links: the check above is the best there is
        os.replace(name, path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _refused(path: str | Path, error: OSError | ValueError) -> InputError:
    return InputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")
