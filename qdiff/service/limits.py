"""How much a service does at a time, and for one request."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from qdiff.data.argument_checks import check_number, check_whole

_MOST_THREADS = 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is refused, so that no request takes the service from the others. Checked when built.

    Attributes
    ----------
    shots
        Shots that a request may ask for.
    body
        Bytes of a request's body.
    seconds
        From the first byte of a request to the last of its answer, waiting included.
    workers
        Requests that are worked on at once, each in a thread of its own; as many as there are cores
        unless said otherwise.
    waiting
        Requests that wait for a worker; the next one is refused (503).

    >>> Limits(shots=1000).waiting
    64
    """

    shots: int = 1_000_000
    body: int = 2**20
    seconds: float = 60.0
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    waiting: int = 64

    def __post_init__(self) -> None:
        check_whole(self.shots, "the most shots", most=10**9)
        check_whole(self.body, "the most bytes", most=2**30)
        check_whole(self.workers, "workers", most=_MOST_THREADS)
        check_whole(self.waiting, "waiting", least=0, most=10**6)
        check_number(self.seconds, "seconds", least=0.1, most=86_400)
