"""IBM devices as their calibrations are shipped in qiskit-ibm-runtime."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from qdiff.environment import needed
from qdiff.errors import InputError

PREFIX = "fake_"


def fake_backend(name: str) -> Any:
    """A fake backend, ``"fake_torino"`` say; needs the extra ``ibm``.

    Raises `InputError` for an unknown name.
    """
    provider = needed("qiskit_ibm_runtime.fake_provider")
    kinds = [known for known in vars(provider).values() if isinstance(known, type)]
    names = [str(getattr(kind, "backend_name", "")) for kind in kinds]
    classes = {named: kind for named, kind in zip(names, kinds, strict=True) if named}
    if name not in classes:
        near = get_close_matches(name, classes, n=3)
        known = f"did you mean {', '.join(near)}?" if near else f"there are {len(classes)} of them"
        raise InputError(f"there is no fake backend {name[:40]!r}; {known}")
    return classes[name]()
