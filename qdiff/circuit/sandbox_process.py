"""The process in which `qdiff.circuit.sandbox` reads a file, or writes one out.

Standard input is a line of JSON and then the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from qdiff.circuit.parsing import parse
from qdiff.circuit.sandbox import READY, REFUSED, UNROLL
from qdiff.errors import InputError


def _limit(memory: int, seconds: int) -> None:
    """From here on this process may take so much more memory and processor time."""
    try:
        import resource
    except ImportError:  # Windows: the parent's patience is the only limit
        return
    used = 0
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * resource.getpagesize()
    spent = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])) + 1
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, spent + seconds, spent + seconds + 1),  # SIGXCPU, then SIGKILL
        (resource.RLIMIT_AS, used + memory, used + memory),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit on memory
            resource.setrlimit(kind, (soft, hard))


def _done(task: str, data: bytes, path: Path) -> bytes:
    if task != UNROLL:
        parse(data, task, path)
        return b""
    from qdiff.circuit.unrolling import unrolled  # half a second that parsing does not need

    return unrolled(data.decode()).encode()


def _main() -> int:
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    _limit(order["memory"], order["seconds"])
    try:
        sys.stdout.buffer.write(_done(order["task"], data, Path(order["path"])))
    except InputError as error:
        sys.stdout.buffer.write(str(error).encode(errors="replace"))
        return REFUSED
    return 0


if __name__ == "__main__":
    code = _main()
    sys.stdout.flush()
    os._exit(code)  # taking the circuit apart is none of its business
