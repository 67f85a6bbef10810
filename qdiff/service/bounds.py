"""How long a request may take, and how large its body may be."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qdiff.service import problems

_LONGEST_NUMBER = 18


class Timed:
    """Ends a request that takes longer than it may, whatever it waits for."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, note)
        except TimeoutError:
            if not begun:
                await problems.too_slow(self._seconds)(scope, receive, send)
            # else the server closes the connection, and the client sees that something is missing


class Sized:
    """Refuses bodies that are too large, before they are read where their length is said."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or len(said) > _LONGEST_NUMBER or int(said) > self._most:
            refused = problems.problem(413, self._too_large().detail)
            await refused(scope, receive, send)
            return
        left = self._most

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"a request's body has at most {self._most:,} bytes here")
