"""Who may ask: whoever has the token, and by which name of this machine."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from qdiff.errors import InputError
from qdiff.service import problems

HEALTH = "/health"
"""The one path that asks for no token."""

TOKEN_VARIABLE = "QDIFF_TOKEN"
_LEAST_TOKEN, _MOST_TOKEN = 16, 1000
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


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


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def _host(header: str) -> str:
    """The name in a ``Host`` header, without its port."""
    name, colon, port = header.rpartition(":")
    return (name if colon and port.isdecimal() else header).lower()
