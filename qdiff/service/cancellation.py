"""Work that ends soon after nobody waits for it any more.

A thread cannot be stopped from outside. What a surrogate does at length asks again and again either
numpy for random numbers or torch for a product: both can be made to look here first, so that the
law and the numbers drawn are exactly those of `Surrogate.sample`, and no model knows of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch.overrides import TorchFunctionMode


class Cancelled(Exception):
    """Raised inside of work whose answer nobody waits for."""


class Cancellation:
    """A note from who waits to who works.

    >>> cancellation = Cancellation()
    >>> with cancellation.heeded():
    ...     cancellation.generator(1).random() == np.random.default_rng(1).random()
    True
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Let the work end at its next look; more than once does not matter."""
        self._event.set()

    def check(self) -> None:
        """Raise `Cancelled` after `cancel`."""
        if self._event.is_set():
            raise Cancelled

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Check before every function of torch that this thread calls in here.

        That makes small networks slower by a third: for work that asks for no random numbers.
        """
        with _Heeding(self):
            yield

    def generator(self, seed: int) -> np.random.Generator:
        """The numbers of ``default_rng(seed)``, with a check before every request for some."""
        return _HeedingGenerator(np.random.PCG64(seed), self)


class _HeedingGenerator(np.random.Generator):
    def __init__(self, bits: np.random.BitGenerator, cancellation: Cancellation) -> None:
        super().__init__(bits)
        self.__dict__["cancellation"] = cancellation

    def __getattribute__(self, name: str) -> Any:
        """Every method is looked up here before it is called."""
        own = object.__getattribute__(self, "__dict__")
        if "cancellation" in own:
            own["cancellation"].check()
        return super().__getattribute__(name)


class _Heeding(TorchFunctionMode):
    def __init__(self, cancellation: Cancellation) -> None:
        super().__init__()
        self._cancellation = cancellation

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any | None = None
    ) -> Any:
        self._cancellation.check()
        return func(*args, **(kwargs or {}))
