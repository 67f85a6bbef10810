"""Where an unfinished fit is kept, so that it can go on after whatever stopped it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data import storage
from qdiff.data.output import as_path, check_output
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.diffusion.training import distributed

State = tuple[dict[str, NDArray[Any]], dict[str, Any]]
"""Arrays and JSON, as `qdiff.models.diffusion.training.trainer.Trainer.state` gives them."""

SECONDS_BETWEEN = 5.0
"""States closer in time than this are not written: how much work a kill may cost."""


class Checkpoint:
    """The states of several trainings, one after another, in one file.

    Parameters
    ----------
    path
        The file; one that is there is read, and the fit goes on from it.
    identity
        What makes the fit what it is (see `identity_of`). A file of another fit is refused with an
        `InputError`, so that nothing is lost by a wrong name.
    """

    def __init__(self, path: str | Path, identity: str) -> None:
        self.path = as_path(path, "checkpoint")
        if self.path.exists() and not self.path.is_file():
            raise InputError(f"the checkpoint {path} must be a file")
        check_output(path, force=True)
        self._identity = identity
        self._states = _read(self.path, identity) if self.path.exists() else {}
        self._written = time.monotonic()

    def state(self, index: int) -> State | None:
        """Where training number `index` stood, or None when it had not begun."""
        return self._states.get(index)

    def keep(self, index: int, state: State, *, finished: bool = False) -> None:
        """Note where training number `index` stands; write it if it is time to, or `finished`."""
        self._states[index] = state
        now = time.monotonic()
        due = finished or now - self._written >= SECONDS_BETWEEN
        if due and distributed.current().is_first:
            self._write()
            self._written = now

    def _write(self) -> None:
        tensors = {
            f"{index}/{name}": array
            for index, (arrays, _) in self._states.items()
            for name, array in arrays.items()
        }
        numbers = {str(index): values for index, (_, values) in self._states.items()}
        storage.write(
            self.path,
            storage.Kind.CHECKPOINT,
            tensors,
            {"identity": self._identity, "numbers": numbers},
            force=True,
        )


def identity_of(shots: Shots, settings: Mapping[str, Any]) -> str:
    """A hash of the data and of everything else that decides a fit."""
    digest = hashlib.sha256(repr(sorted(settings.items())).encode())
    digest.update(repr(shots.registers).encode())
    digest.update(np.ascontiguousarray(shots.words).tobytes())
    digest.update(np.ascontiguousarray(shots.counts).tobytes())
    return digest.hexdigest()


def _read(path: Path, identity: str) -> dict[int, State]:
    content = storage.read(path, storage.Kind.CHECKPOINT)
    if content.metadata.get("identity") != identity:
        raise InputError(
            f"{path} is the checkpoint of another fit (other shots, settings, seed, device or "
            "versions); delete it or choose another name"
        )
    states: dict[int, State] = {}
    for name, numbers in content.json_object("numbers").items():
        prefix = f"{name}/"
        arrays = {
            key.removeprefix(prefix): np.asarray(array)
            for key, array in content.tensors.items()
            if key.startswith(prefix)
        }
        if not name.isdecimal() or not isinstance(numbers, dict):
            raise InputError(f"{path} is damaged: it has no state number {name!r}")
        states[int(name)] = (arrays, numbers)
    return states
