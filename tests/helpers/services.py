"""Services to ask, on a free port of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import httpx
import numpy as np
import torch
from fastapi import FastAPI
from quick_fits import quick_surrogate

from qdiff import Register, Shots, Surrogate
from qdiff.data.bits import Bits, Floats
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.surrogate.part import Part
from qdiff.service import listening
from qdiff.service.application import create_app
from qdiff.service.served import Served

ENDLESS = 77
"""Shots whose drawing does not end by itself."""


def surrogate_of_shots(shots: Shots, law: type[HistogramLaw] = HistogramLaw) -> Surrogate:
    return Surrogate(
        parts={Part.SHOTS: law(shots)},
        weights={Part.SHOTS: 1.0},
        registers=shots.registers,
        card={},
    )


def wide_shots(num_bits: int = 70, strings: int = 20_000) -> Shots:
    """Random strings of more than a word, most of them twice or more."""
    generator = np.random.default_rng(1)
    rows = generator.integers(0, 2, (strings, num_bits), dtype=np.uint8)
    registers = [Register("low", 40), Register("high", num_bits - 40)]
    return Shots.from_bits(rows, generator.integers(1, 9, strings), registers=registers)


class AsksNumpy(HistogramLaw):
    """Draws `ENDLESS` shots for ever, and asks for random numbers in between."""

    begun = threading.Event()
    path, body = "sample", {"shots": ENDLESS}

    def draw(self, shots: int, generator: np.random.Generator) -> Any:
        while shots == ENDLESS:
            generator.random()
            self.begun.set()
        return super().draw(shots, generator)


class AsksTorch(HistogramLaw):
    """The same of log-probabilities, and asks torch."""

    begun = threading.Event()
    path, body = "log_prob", {"strings": ["0" * 70] * ENDLESS}

    def log_prob(self, bits: Bits) -> Floats:
        while len(bits) == ENDLESS:
            torch.zeros(1).add(1)
            self.begun.set()
        return super().log_prob(bits)


def models(law: type[HistogramLaw] = HistogramLaw) -> list[Served]:
    """One with a table, and one beyond."""
    return [
        Served.prepared("small", quick_surrogate()),
        Served.prepared("wide", surrogate_of_shots(wide_shots(), law)),
    ]


def app_of(*served: Served, **options: Any) -> FastAPI:
    """An application whose pages have no pictures, which would take seconds."""
    with mock.patch("qdiff.service.page.page._pictures", return_value=""):
        return create_app(served or models(), **options)


@contextmanager
def asking(app: FastAPI | None = None, **options: Any) -> Iterator[httpx.Client]:
    """What asks a service that runs in a thread of this process."""
    found = app_of(**options) if app is None else app
    server = listening.server(found)
    with listening.listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=listening.address_of(listener), timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def bodies() -> dict[str, Any]:
    """A question of each kind that every model answers."""
    return {
        "sample": {"shots": 5, "seed": 1},
        "log_prob": {"strings": ["0" * 6]},
        "marginal": {"bits": [0], "shots": 10},
        "overview": {"shots": 10},
    }


def routes(app: FastAPI) -> Sequence[tuple[str, str]]:
    """Method and path of everything that the application answers, from its own routes."""
    found = []
    for route in app.router.routes:
        for each in getattr(getattr(route, "original_router", None), "routes", [route]):
            found += [(method, each.path) for method in sorted(each.methods - {"HEAD"})]
    return found
