"""Fitted surrogates in a folder that several processes may share."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.models.surrogate.surrogate import Surrogate


def key_of(settings: Mapping[str, Any]) -> str:
    """SHA-256 of JSON settings and of this qdiff's version, 64 hexadecimal digits."""
    text = json.dumps({**settings, "qdiff": __version__}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class ModelCache:
    """Surrogates by key: one safetensors file each.

    While one process makes a surrogate, others that want the same one wait and then read it; other
    keys are not held up. A file is whole or not there. A damaged one is made anew.

    Raises `InputError` when the folder cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the cache {folder}: {error.strerror}") from None

    def get(self, key: str, make: Callable[[], Surrogate]) -> Surrogate:
        """The surrogate of `key`; where it is missing one process at a time calls `make`."""
        path = self.folder / f"{key}.safetensors"
        found = self._read(path)
        if found is not None:
            return found
        with FileLock(self.folder / f"{key}.lock"):
            found = self._read(path)  # another process may have made it meanwhile
            if found is None:
                found = make()
                found.save(path, force=True)
        return found

    @staticmethod
    def _read(path: Path) -> Surrogate | None:
        if not path.exists():
            return None
        try:
            return Surrogate.load(path)
        except InputError as error:
            warnings.warn(f"the cache is mended: {error}", UserWarning, stacklevel=3)
            return None
