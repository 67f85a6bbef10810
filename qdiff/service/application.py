"""The service put together: models, limits and guards around the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.service import problems
from qdiff.service.bounds import Sized, Timed
from qdiff.service.guards import Guard
from qdiff.service.limits import Limits
from qdiff.service.metrics import Metrics
from qdiff.service.observed import Observed
from qdiff.service.page.page import Pages
from qdiff.service.routes import Service, router
from qdiff.service.served import Served
from qdiff.service.workers import Workers


def create_app(
    models: Sequence[Served],
    *,
    limits: Limits | None = None,
    token: str | None = None,
    only_local: bool = True,
) -> FastAPI:
    """An ASGI application that serves prepared models.

    Parameters
    ----------
    models
        See `Served.prepared`; the first is the one that the page shows.
    token
        What everyone must send but who asks for health; None lets everyone ask.
    only_local
        Whether only requests for a loopback name are answered, such as ``localhost``.

    Raises `InputError` for no models.
    """
    if not models:
        raise InputError("there is no model to serve")
    limits = limits or Limits()
    workers = Workers(limits)
    metrics = Metrics(lambda: workers.taken)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        workers.close()

    app = FastAPI(
        title="qdiff",
        version=__version__,
        description="Samples, probabilities and conditionals of fitted surrogates.",
        docs_url=None,  # its scripts come from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=[  # the outermost first
            Middleware(Observed, metrics=metrics),
            Middleware(Guard, token=token, only_local=only_local and token is None),
            Middleware(Timed, seconds=limits.seconds),
            Middleware(Sized, most=limits.body),
        ],
    )
    app.include_router(router)
    problems.handle(app)
    app.state.service = Service(
        models={each.name: each for each in models},
        limits=limits,
        workers=workers,
        metrics=metrics,
        pages=Pages(models),
    )
    app.openapi_schema = _with_names(app.openapi(), [each.name for each in models])
    return app


def _with_names(schema: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The schema, in which the names of models are those that there are."""
    for path in schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "name":
                    parameter["schema"]["enum"] = names
    return schema
