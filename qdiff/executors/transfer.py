"""From the future of another library to one of `concurrent.futures`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


def transfer(
    source: Any, *, to: Future[Any], unwrapped: Callable[[BaseException], BaseException]
) -> None:
    """Hand on what came of a finished future, or the error that it ended with."""
    if to.cancelled():
        return
    error = source.exception()
    if error is None:
        to.set_result(source.result())
    else:
        to.set_exception(unwrapped(error))
