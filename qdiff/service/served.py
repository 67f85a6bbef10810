"""The surrogates of a service, by name, made ready before the first request."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qdiff.data.registers import registers_to_json
from qdiff.errors import InputError
from qdiff.models.surrogate.surrogate import Surrogate

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Prepared = Mapping[str, "Served"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Served:
    """A surrogate and the name that it is asked for by.

    Attributes
    ----------
    has_table
        Whether all probabilities are known, so that answers are exact rather than estimated.
    """

    name: str
    surrogate: Surrogate
    has_table: bool

    @classmethod
    def prepared(cls, name: str, surrogate: Surrogate) -> Served:
        """With its table built, where there is one: that takes up to minutes, and once.

        Raises `InputError` for a name that is no plain word.
        """
        if not _NAME.fullmatch(name):
            raise InputError(
                f"a model's name has letters, digits and . _ - only, got {name!r}; "
                "name it as in NAME=FILE"
            )
        try:
            surrogate.distribution()
            surrogate.sample(1, seed=0)  # the table's other forms
        except InputError:  # more bits than a table reaches
            return cls(name=name, surrogate=surrogate, has_table=False)
        return cls(name=name, surrogate=surrogate, has_table=True)

    @property
    def registers(self) -> list[list[Any]]:
        """Names and sizes, bit 0's first, as JSON."""
        return registers_to_json(self.surrogate.registers)


def named_files(texts: Iterable[str]) -> dict[str, Path]:
    """Files by the names that their surrogates are asked for by.

    ``NAME=FILE`` says a name, and a file alone has that of its stem. Raises `InputError` for none,
    and for two of one name.

    >>> named_files(["bell=runs/1.safetensors", "ising.safetensors"])
    {'bell': PosixPath('runs/1.safetensors'), 'ising': PosixPath('ising.safetensors')}
    """
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        path = Path(file if equals else text)
        name = name if equals else path.stem
        if name in found:
            raise InputError(f"two models are called {name!r}; name one as in NAME=FILE")
        found[name] = path
    if not found:
        raise InputError("name a model to serve")
    return found


def as_json(value: Any) -> bytes:
    """JSON in ASCII, whatever text a file brought; a number that is not finite is null.

    >>> as_json({"a": [1.5, float("-inf")], "b": chr(0xD800)})
    b'{"a": [1.5, null], "b": "\\\\ud800"}'
    """
    try:
        return json.dumps(value, allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
