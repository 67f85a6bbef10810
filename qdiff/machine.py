"""How much memory the machine has, within a container's limit too."""

from __future__ import annotations

from pathlib import Path

import psutil  # type: ignore[import-untyped]

_CGROUP = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Bytes that can be taken now."""
    free = int(psutil.virtual_memory().available)
    limit = _cgroup_bytes("memory.max")
    if limit is None:
        return free
    return min(free, max(0, limit - (_cgroup_bytes("memory.current") or 0)))


def total_memory() -> int:
    """Bytes of memory of the machine or container; unlike what is free, it stays the same."""
    total = int(psutil.virtual_memory().total)
    return min(total, _cgroup_bytes("memory.max") or total)


def _cgroup_bytes(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text())
    except (OSError, ValueError):
        return None
