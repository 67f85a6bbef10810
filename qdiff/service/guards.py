"""Who may ask, for how long, and what every answer says to browsers."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
import os
import time
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qdiff.errors import InputError
from qdiff.service import problems
from qdiff.service.metrics import Metrics

HEALTH = "/health"
"""The one path that asks for no token."""

TOKEN_VARIABLE = "QDIFF_TOKEN"
_LEAST_TOKEN, _MOST_TOKEN = 16, 1000
_LONGEST_NUMBER = 18
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger("uvicorn.error")


def read_token(file: Path | None) -> str | None:
    """The token from a file or from the environment, which other users of a machine cannot list.

    Raises `InputError` for both, and for one that could be guessed or is no plain text.
    """
    told = os.environ.get(TOKEN_VARIABLE)
    if file is None and told is None:
        return None
    if file is not None and told is not None:
        raise InputError(f"the token comes from {TOKEN_VARIABLE} or from a file, not from both")
    if file is not None:
        try:
            told = file.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read the token from {file}: {error}") from None
    token = (told or "").strip()
    plain = token.isascii() and token.isprintable() and " " not in token
    if not plain or not _LEAST_TOKEN <= len(token) <= _MOST_TOKEN:
        raise InputError(
            f"a token has {_LEAST_TOKEN} to {_MOST_TOKEN} printable characters without spaces, "
            f"got {len(token)}"
        )
    return token


class Guard:
    """Lets pass who has the token, and, where only this machine should ask, who came by its name.

    The token is a bearer's, or the password of HTTP's basic authentication, which is what a browser
    asks its user for. Without a check of the host, any page in a browser here could ask by a name
    of its own that leads to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, token: str | None, only_local: bool) -> None:
        self._app = app
        self._digest = None if token is None else _digest(token)
        self._only_local = only_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == HEALTH:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._only_local and _host(headers.get("host", "")) not in _LOOPBACK:
            refused = problems.problem(421, "ask for localhost, or serve with a token")
            await refused(scope, receive, send)
            return
        if self._digest is not None and not self._knows(headers.get("authorization", "")):
            asked = {"WWW-Authenticate": 'Bearer, Basic realm="qdiff", charset="UTF-8"'}
            refused = problems.problem(401, "this service needs its token", asked)
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, authorization: str) -> bool:
        kind, _, credentials = authorization.partition(" ")
        given = credentials.strip()
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, ValueError):
                return False
        elif kind.lower() != "bearer":
            return False
        # digests: comparing takes the same time whatever was given, its length included
        return self._digest is not None and hmac.compare_digest(_digest(given), self._digest)


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
        except Exception as error:
            answer = problems.of(error)
            if answer is None:
                _log.exception("a request failed")
            if not status:
                await (answer or problems.internal())(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.note(route, status, time.perf_counter() - started)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def _host(header: str) -> str:
    """The name in a ``Host`` header, without its port."""
    name, colon, port = header.rpartition(":")
    return (name if colon and port.isdecimal() else header).lower()
