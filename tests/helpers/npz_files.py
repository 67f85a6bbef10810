"""NumPy containers written by hand."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib


def npz_with(name: str, payload: bytes, *, method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, payload)
    return file.getvalue()


def bit_array(array: bytes, num_bits: int) -> bytes:
    """Qiskit's JSON of a BitArray around the bytes of an array."""
    text = base64.b64encode(zlib.compress(array)).decode()
    encoded = {"__type__": "ndarray", "__value__": text}
    value = {"array": encoded, "num_bits": num_bits}
    return json.dumps({"__type__": "BitArray", "__value__": value}).encode()
