"""Where the service listens, and for how long."""

from __future__ import annotations

import ipaddress
import socket

import uvicorn
from fastapi import FastAPI

from qdiff.errors import InputError

_BACKLOG = 1024
_GRACE = 10
"""Seconds that requests have to end in when the service is told to stop."""

_KEEP_ALIVE = 15
"""Seconds that an idle connection is kept."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `InputError` where that cannot be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        raise InputError(f"cannot listen at {host} port {port}: {error}") from None
    # connections take it over; asyncio sets it on sockets of its own only, and without it the end
    # of an answer may wait for the client's delayed acknowledgement, 40 ms
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can connect."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def address_of(listening: socket.socket) -> str:
    """What to type into a browser here."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server(app: FastAPI) -> uvicorn.Server:
    """What serves the app on a listening socket until a signal ends it."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
    return uvicorn.Server(config)
