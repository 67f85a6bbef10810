"""Reading a file first in a process of its own, whose memory and time are limited.

A QPY file of a few hundred bytes can ask for billions of qubits in any of its nested parts, for
arrays and parameter vectors of any size and for library circuits of any width, and a short OpenQASM
text for billions of gates. Rather than find every such claim, the file is read once where it can do
no harm. A limit on memory needs Linux; elsewhere there is that on time alone.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from qdiff.errors import InputError

MEMORY_BYTES = 2 * 2**30
"""What reading one file may take."""

SECONDS = 60
"""Processor time that reading one file may take."""

UNROLL = "unroll"
"""The task of writing OpenQASM 3 out; other tasks are forms to parse."""

UNROLL_SECONDS = 20
"""Processor time of that, some 60,000 instructions."""

REFUSED = 3
"""Exit code of `qdiff.circuit.sandbox_process`: the reason is on its standard output."""

_OUT_OF_MEMORY = re.compile("MemoryError|bad_alloc|memory allocation|allocate")
"""How libraries say so that end by themselves; most are aborted, which is a negative exit code."""

READY = b"ready\n"
"""What it says once everything is imported."""


class BeyondLimitsError(InputError):
    """Reading a file takes more memory or time than it may."""


def rehearse(data: bytes, form: str, path: Path) -> None:
    """Parse `data` elsewhere. Raises `InputError` when that fails, or needs too much."""
    confined(data, form, path, SECONDS)


def unroll(code: str, path: Path) -> str:
    """What `qdiff.circuit.unrolling.unrolled` makes of OpenQASM 3, elsewhere.

    Raises `InputError` when that fails, or needs too much.
    """
    return confined(code.encode(), UNROLL, path, UNROLL_SECONDS).decode()


def confined(data: bytes, task: str, path: Path, seconds: int) -> bytes:
    """What the other process says of `data`: nothing where it is to be parsed as `task`."""
    if not sys.executable:
        raise InputError(f"{path} cannot be read safely: sys.executable does not name Python")
    limits = {"memory": MEMORY_BYTES, "seconds": seconds}
    order = json.dumps({"task": task, "path": str(path), **limits}).encode() + b"\n"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in sys.path),
        "RUST_BACKTRACE": "0",  # where memory has run out it takes half a minute
        "MIMALLOC_ARENA_RESERVE": "0",  # Qiskit's allocator: or else a GiB is taken beforehand
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "qdiff.circuit.sandbox_process"],
            input=order + data,
            capture_output=True,
            env=environment,
            timeout=4 * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_slow(path, seconds) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read safely: {error.strerror}") from None
    _judge(done, path, seconds)
    return done.stdout.removeprefix(READY)


def _judge(done: subprocess.CompletedProcess[bytes], path: Path, seconds: int = SECONDS) -> None:
    if not done.stdout.startswith(READY):
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise InputError(f"{path} cannot be read safely: {said[-1][:200]}")
    if done.returncode == REFUSED:
        raise InputError(done.stdout.removeprefix(READY).decode(errors="replace"))
    if done.returncode and done.returncode == -getattr(signal, "SIGXCPU", 0):  # not on Windows
        raise _too_slow(path, seconds)
    last = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
    if done.returncode < 0 or _OUT_OF_MEMORY.search(last):
        raise BeyondLimitsError(
            f"{path} needs more than {MEMORY_BYTES >> 20} MiB of memory to be read: it is damaged, "
            "or made to do harm"
        )
    if done.returncode:
        raise InputError(f"{path} cannot be read: {last[:200] or f'exit code {done.returncode}'}")


def _too_slow(path: Path, seconds: int) -> InputError:
    return BeyondLimitsError(
        f"{path} takes more than {seconds} s to be read: it is damaged, or too large"
    )
