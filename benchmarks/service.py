"""How does a service fare when two hundred clients ask it at once?

`qdiff serve` in a process of its own, on loopback, with its defaults. Each client keeps one
connection, asks, waits for the answer, checks it, and asks again; after a 503 it waits for as long
as it was told. What is asked: 8 in 10 samples of 1,000 shots with a seed, and log-probabilities of
32 strings, a marginal of four bits given another, and an overview. Samples and log-probabilities
are compared with those of the surrogate in another process. Clients and service share the machine.

    python benchmarks/service.py [--fresh] [--only circuit=ising:12]
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import frame
import numpy as np
import psutil  # type: ignore[import-untyped]
from record import Row

import qdiff

NOISE = "depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03"
SETTINGS: Row = {"clients": 200, "seconds": 60.0, "shots": 1000, "training_shots": 2000}
CIRCUITS = ("ising:12", "ising:30")
"""From a table, and beyond one."""

SEEDS, STRINGS = 8, 32
_PAUSE = 0.5
"""Seconds between two looks at the service's memory."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request as bytes, and what it must be answered with, where that is one thing."""

    name: str
    request: bytes
    expected: Any = None


@dataclass(kw_only=True)
class Seen:
    """What the clients met with."""

    latencies: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    broken: int = 0
    mebibytes: list[float] = field(default_factory=list)


def questions(model: qdiff.Surrogate, shots: int) -> list[Question]:
    """What is asked, each as likely as any other."""
    found = []
    for seed in range(SEEDS):
        drawn = model.sample(shots, seed=seed).to_counts()
        body = {"shots": shots, "seed": seed}
        found.append(Question(name="sample", request=request("sample", body), expected=drawn))
    rows = np.random.default_rng(1).integers(0, 2, (STRINGS, model.num_bits), dtype=np.uint8)
    strings = ["".join(map(str, row[::-1])) for row in rows.tolist()]
    found += [
        Question(
            name="log_prob",
            request=request("log_prob", {"strings": strings}),
            expected=model.log_prob(rows).tolist(),
        ),
        Question(
            name="marginal",
            request=request("marginal", {"bits": [0, 1, 2, 3], "given": {"5": 1}, "shots": 1000}),
        ),
        Question(name="overview", request=request("overview", {"shots": 1000})),
    ]
    return found


def request(path: str, body: Row) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST /models/model/{path} HTTP/1.1\r\nhost: localhost\r\n"
    kind = f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    return (head + kind).encode() + content


async def answered(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: Question
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer on a connection that stays open."""
    writer.write(question.request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = b""
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    return int(head[0].split()[1]), headers, body


def is_right(question: Question, body: bytes) -> bool:
    found = json.loads(body)
    if question.name == "sample":
        return bool(found["counts"] == question.expected)
    if question.name == "log_prob":
        return bool(np.allclose(found["log_prob"], question.expected, rtol=1e-6, atol=1e-6))
    return True


async def client(
    address: tuple[str, int], asked: list[Question], number: int, end: float, seen: Seen
) -> None:
    """One client, until the end."""
    generator = np.random.default_rng(number)
    reader, writer = await asyncio.open_connection(*address, limit=2**24)
    try:
        while time.monotonic() < end:
            question = asked[int(generator.integers(len(asked)))]
            started = time.monotonic()
            status, headers, body = await answered(reader, writer, question)
            seen.statuses[status] += 1
            if status == 503:
                await asyncio.sleep(float(headers["retry-after"]))
                continue
            seen.latencies.setdefault(question.name, []).append(time.monotonic() - started)
            seen.wrong += status == 200 and not is_right(question, body)
    except (OSError, EOFError, ValueError):
        seen.broken += 1
    finally:
        writer.close()


async def watch(process: int, end: float, seen: Seen) -> None:
    """The memory of the service."""
    about = psutil.Process(process)
    while time.monotonic() < end:
        seen.mebibytes.append(about.memory_info().rss / 2**20)
        await asyncio.sleep(_PAUSE)


async def load(
    address: tuple[str, int], process: int, asked: list[Question], clients: int, seconds: float
) -> Seen:
    """What `clients` meet with in so many seconds."""
    seen, end = Seen(), time.monotonic() + seconds
    tasks = [client(address, asked, number, end, seen) for number in range(clients)]
    await asyncio.gather(watch(process, end, seen), *tasks)
    return seen


@contextmanager
def served(model: Path, *options: str) -> Iterator[tuple[tuple[str, int], int]]:
    """Address and process of a service of this model."""
    command = [sys.executable, "-m", "qdiff", "serve", f"model={model}", "--port", "0", *options]
    root = str(Path(qdiff.__file__).parents[1])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://\S+", line)
        try:
            if found is None:
                raise RuntimeError(f"the service has not begun: {line}")
            parts = urlsplit(found[0])
            yield (str(parts.hostname), int(parts.port or 0)), process.pid
        finally:
            process.terminate()


def result(seen: Seen, seconds: float) -> Row:
    """The numbers of a row."""
    every = np.array([each for several in seen.latencies.values() for each in several])
    quarter = len(seen.mebibytes) // 4
    first, last = (
        float(np.median(part))
        for part in (seen.mebibytes[quarter : 2 * quarter], seen.mebibytes[-quarter:])
    )
    return {
        "statuses": {str(status): number for status, number in sorted(seen.statuses.items())},
        "wrong": seen.wrong,
        "broken": seen.broken,
        "answers_a_second": len(every) / seconds,
        "milliseconds": {
            f"p{level}": float(np.percentile(every, level) * 1e3) for level in (50, 90, 99)
        },
        "p99_by_question": {
            name: float(np.percentile(several, 99) * 1e3)
            for name, several in sorted(seen.latencies.items())
        },
        "mebibytes": {
            "second_quarter": first, "last_quarter": last, "most": max(seen.mebibytes),
        },
    }  # fmt: skip


def measure(cell: Row) -> Row:
    shots = qdiff.simulate(cell["circuit"], NOISE, shots=SETTINGS["training_shots"], seed=1)
    model = qdiff.fit(shots, effort="fast", seed=1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        asked = questions(model, SETTINGS["shots"])
        with served(path, "--waiting", str(cell["waiting"])) as (address, process):
            seconds = SETTINGS["seconds"]
            seen = asyncio.run(load(address, process, asked, SETTINGS["clients"], seconds))
    return result(seen, seconds)


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    cells = frame.grid(circuit=CIRCUITS, waiting=[64, 256])
    frame.collect("service", cells, measure, options, {**SETTINGS, "noise": NOISE}, threads=None)


if __name__ == "__main__":
    main()
