"""What went wrong, as one line of JSON: never a traceback."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from qdiff.errors import InputError
from qdiff.memory import is_out_of_memory
from qdiff.service.cancellation import Cancelled
from qdiff.service.served import as_json
from qdiff.service.workers import Busy

_LONGEST = 300

_CLIENT_HAS_LEFT = 499
"""For the metrics alone, as nginx counts it."""

RETRY = {"Retry-After": "1"}
"""Seconds after which it is worth to ask again."""


class Problem(TypedDict):
    """What was wrong, and how to mend it, on one line."""

    error: str


def problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that is none."""
    line = " ".join(message.split())
    line = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
    return Response(
        as_json({"error": line}), status, dict(headers or {}), media_type="application/json"
    )


def busy() -> Response:
    """Nothing is wrong with the request."""
    return problem(503, "the service is busy; ask again in a second", RETRY)


def too_slow(seconds: float) -> Response:
    """Waiting for others may have been part of it."""
    return problem(503, f"no answer within {seconds:g} s; ask for less, or again later", RETRY)


def ending() -> Response:
    """Another may be started in its place."""
    return problem(503, "the service is ending; ask again later", RETRY)


def out_of_memory() -> Response:
    """Others may have taken it."""
    return problem(503, "out of memory; ask for fewer shots, or again later", RETRY)


def internal() -> Response:
    """A bug of ours: what it is, is in the service's log."""
    return problem(500, "internal error; the service's log has it")


def of(error: Exception) -> Response | None:
    """The answer to what can go wrong without a bug; None for anything else."""
    if isinstance(error, InputError):
        return problem(422, str(error))
    if isinstance(error, RequestValidationError):
        return problem(422, _invalid(error))
    if isinstance(error, HTTPException):
        return problem(error.status_code, str(error.detail), error.headers)
    if isinstance(error, Busy):
        return busy()
    if isinstance(error, Cancelled):
        return problem(_CLIENT_HAS_LEFT, "nobody waits for this answer")
    return out_of_memory() if is_out_of_memory(error) else None


def handle(app: FastAPI) -> None:
    """Answer the errors of `app` so."""

    async def answer(_: Request, error: Exception) -> Response:
        return of(error) or internal()

    for kind in (InputError, RequestValidationError, HTTPException, Busy, Cancelled):
        app.add_exception_handler(kind, answer)


def _invalid(error: RequestValidationError) -> str:
    """The first mistake: where it is, and what is expected there."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"
