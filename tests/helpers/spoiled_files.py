"""Model files rewritten to deceive."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from qdiff import InputError, Surrogate

Tensors, Header = dict[str, np.ndarray], dict[str, Any]
Change = Callable[[Tensors, Header], None]


HUGE = 10**12
"""Bits whose mere numbers would fill terabytes."""


MEMORY = 4 * 2**20
"""Bytes that refusing a small file may take."""


def rewritten(path, change: Change) -> None:
    """Change what a file holds, and leave it a well-formed file."""
    tensors = load_file(path)
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["qdiff"])
    change(tensors, header)
    path.unlink()
    save_file(tensors, path, metadata={"qdiff": json.dumps(header)})


def refusal(path, reader: Any = Surrogate) -> str:
    """The one line with which a file is refused, without memory."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            reader.load(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path} is damaged: ")
    assert len(message) < len(str(path)) + 400
    return message


def put(name: str, value: Any) -> Change:
    """Replace a tensor."""

    def change(tensors: Tensors, header: Header) -> None:
        assert name in tensors
        tensors[name] = np.asarray(value)

    return change


def spoil(name: str, value: float) -> Change:
    """Replace one entry of a tensor."""

    def change(tensors: Tensors, header: Header) -> None:
        tensors[name] = tensors[name].copy()
        tensors[name].flat[0] = value

    return change


def drop(name: str) -> Change:
    def change(tensors: Tensors, header: Header) -> None:
        del tensors[name]

    return change


def say(value: Any, *names: str) -> Change:
    """Replace an entry of the header."""

    def change(tensors: Tensors, header: Header) -> None:
        for name in names[:-1]:
            header = header[name]
        header[names[-1]] = value

    return change
