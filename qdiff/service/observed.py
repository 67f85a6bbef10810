"""What is the same for all answers: their headers, being counted, and never a traceback."""

from __future__ import annotations

import asyncio
import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qdiff.service import problems
from qdiff.service.metrics import Metrics

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger("uvicorn.error")


class Observed:
    """Counts requests, sets the headers of all answers, and lets no exception out."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 0, time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, note)
        except asyncio.CancelledError:  # by the server, which ends and waits for nobody any more
            if not status:
                await problems.ending()(scope, receive, note)
        except Exception as error:
            answer = problems.of(error)
            if answer is None:
                _log.exception("a request failed")
            if not status:
                await (answer or problems.internal())(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.note(route, status, time.perf_counter() - started)
