"""Noise of IBM devices as their calibrations are shipped in qiskit-ibm-runtime."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from qdiff.environment import needed
from qdiff.errors import InputError
from qdiff.noise.device import from_backend
from qdiff.noise.rates import NoiseRates

PREFIX = "fake_"


def fake_noise(name: str) -> NoiseRates:
    """The noise of a fake backend, ``"fake_torino"`` say; needs the extra ``ibm``.

    Raises `InputError` for an unknown name.
    """
    return from_backend(fake_backend(name))


def fake_backend(name: str) -> Any:
    """The fake backend itself, for its coupling map; needs the extra ``ibm``."""
    provider = needed("qiskit_ibm_runtime.fake_provider")
    kinds = [known for known in vars(provider).values() if isinstance(known, type)]
    names = [str(getattr(kind, "backend_name", "")) for kind in kinds]
    classes = {named: kind for named, kind in zip(names, kinds, strict=True) if named}
    if name not in classes:
        near = get_close_matches(name, classes, n=3)
        known = f"did you mean {', '.join(near)}?" if near else f"there are {len(classes)} of them"
        raise InputError(f"there is no fake backend {name[:40]!r}; {known}")
    return classes[name]()
