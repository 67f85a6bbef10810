"""One batch a file: native shots that say which batch they are, and by what they can be checked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from qdiff.data.registers import registers_to_json
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.store.shot_job import Batch

_ENTRY = "batch"


def write_batch(path: Path, key: str, batch: Batch, shots: Shots) -> None:
    """Write the batch of the job with that key, whole or not at all, over what may be there."""
    entry = {"job": key, "index": batch.index, "shots": batch.shots, "sha256": checksum(shots)}
    replace(shots, provenance={**shots.provenance, _ENTRY: entry}).save(path, force=True)


def read_batch(path: Path, key: str, batch: Batch) -> Shots:
    """Read it. Raises `InputError` where it is damaged, or another batch than its name says."""
    shots = Shots.load(path)
    entry: Any = shots.provenance.get(_ENTRY)
    expected = {"job": key, "index": batch.index, "shots": batch.shots}
    if not isinstance(entry, dict) or {**entry, **expected} != entry:
        raise InputError(f"{path} is not the batch that its name says")
    if shots.num_shots != batch.shots or entry.get("sha256") != checksum(shots):
        raise InputError(f"{path} is damaged: its shots do not have their checksum")
    return shots


def batch_named(name: str) -> Batch | None:
    """The batch whose file has that name; None for other names."""
    index, _, rest = name.partition("_")
    shots = rest.removesuffix(".safetensors")
    if not (index.isdecimal() and shots.isdecimal() and name.isascii() and int(shots)):
        return None
    found = Batch(index=int(index), shots=int(shots))
    return found if found.name == name else None


def checksum(shots: Shots) -> str:
    """SHA-256 of the registers, strings and counts, 64 hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(registers_to_json(shots.registers)).encode())
    digest.update(shots.words.astype("<u8", order="C", copy=False).data)
    digest.update(shots.counts.astype("<i8", order="C", copy=False).data)
    return digest.hexdigest()
