"""Ctrl-C, whatever library is running: it ends the job, quietly, with exit code 130."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

_seen: list[int] = []


def listen() -> None:
    """Note interrupts, besides raising `KeyboardInterrupt`, which a library may swallow."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGINT, _interrupt)
    shown = sys.unraisablehook

    def unraisable(event: Any) -> None:
        """An interrupt in a destructor or a callback is noted, and no reason for a traceback."""
        if not issubclass(event.exc_type, KeyboardInterrupt):
            shown(event)

    sys.unraisablehook = unraisable


def heed() -> None:
    """Raise `KeyboardInterrupt` if there was one before, which a library swallowed."""
    if _seen:
        raise KeyboardInterrupt


def heeding(call: Callable[[str], None]) -> Callable[[str], None]:
    """`call`, but not after an interrupt."""

    def called(argument: str) -> None:
        heed()
        call(argument)

    return called


def settle() -> None:
    """Let the process end with the exit code that it chooses.

    CPython notes an interrupt inside ``exec`` of text (libraries make methods that way), and under
    ``python -m`` later ends the process by SIGINT for it, though the exception was caught. Running
    other text clears the note; this one is empty, and comes from nowhere but here.
    """
    exec("")


def _interrupt(number: int, frame: Any) -> None:
    _seen.append(number)
    raise KeyboardInterrupt
