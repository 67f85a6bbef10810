"""Who is worked for, who waits, and who is refused.

The event loop only passes bytes on; what a surrogate does runs in a few threads. A request has a
seat from when it is understood until its answer is sent and its work has ended, and there are no
more seats than workers and places to wait: neither threads, queue nor memory grow without bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from starlette.requests import Request

from qdiff.service.cancellation import Cancellation, Cancelled
from qdiff.service.limits import Limits

Found = TypeVar("Found")


class Busy(Exception):
    """All seats are taken."""


class Workers:
    """The threads of a service. All but the work itself happens in the thread of the event loop."""

    def __init__(self, limits: Limits) -> None:
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="qdiff-worker")
        self._seats = limits.workers + limits.waiting
        self.taken = 0

    @contextmanager
    def seat(self) -> Iterator[Seat]:
        """A seat for one request. Raises `Busy` where none is left."""
        if self.taken >= self._seats:
            raise Busy
        self.taken += 1
        seat = Seat(self._pool)
        try:
            yield seat
        finally:
            seat.leave(self._free)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _free(self) -> None:
        self.taken -= 1


class Seat:
    """What one request may have done for it, once."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._cancellation = Cancellation()
        self._work: Future[Any] | None = None

    async def run(self, request: Request, work: Callable[[Cancellation], Found]) -> Found:
        """What `work` returns. Raises `Cancelled` where the client has gone in the meantime."""
        running: Future[Found] = self._pool.submit(_begun, work, self._cancellation)
        self._work, found = running, asyncio.wrap_future(running)
        gone = asyncio.ensure_future(_gone(request))
        both: set[asyncio.Future[Any]] = {found, gone}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not found.done():
                raise Cancelled
            return await found
        finally:
            gone.cancel()
            found.cancel()

    def leave(self, free: Callable[[], None]) -> None:
        """Cancel what still runs, and call `free` when it has ended."""
        self._cancellation.cancel()
        if self._work is None or self._work.cancel() or self._work.done():
            free()
            return
        loop = asyncio.get_running_loop()

        def ended(_: Future[Any]) -> None:
            with suppress(RuntimeError):  # the loop has ended before: no seat is needed any more
                loop.call_soon_threadsafe(free)

        self._work.add_done_callback(ended)


def _begun(work: Callable[[Cancellation], Found], cancellation: Cancellation) -> Found:
    cancellation.check()
    return work(cancellation)


async def _gone(request: Request) -> None:
    """Until the client has left; the body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
