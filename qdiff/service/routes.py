"""The paths of the service: what is asked there, and what does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response, StreamingResponse
from typing_extensions import TypedDict

from qdiff.errors import InputError
from qdiff.service import answers
from qdiff.service.answers import LogProbAnswer, MarginalAnswer, OverviewAnswer, seed_of
from qdiff.service.cancellation import Cancellation
from qdiff.service.guards import HEALTH
from qdiff.service.limits import Limits
from qdiff.service.metrics import Metrics
from qdiff.service.page.page import Pages
from qdiff.service.problems import Problem
from qdiff.service.questions import (
    LogProbQuestion,
    MarginalQuestion,
    OverviewQuestion,
    SampleQuestion,
)
from qdiff.service.served import Prepared, Served, as_json
from qdiff.service.streaming import MEDIA_TYPES, portions
from qdiff.service.workers import Seat, Workers

JSON = "application/json"


@dataclass(frozen=True, eq=False, kw_only=True)
class Service:
    """What the routes share."""

    models: Prepared
    limits: Limits
    workers: Workers
    metrics: Metrics
    pages: Pages


class Health(TypedDict):
    """That it answers."""

    status: str


class ModelEntry(TypedDict):
    """A model's name and what it is over; registers are names and sizes, bit 0's first."""

    name: str
    num_bits: int
    registers: list[list[str | int]]
    exact: bool


class ModelAnswer(ModelEntry):
    """And what it is mixed from, and its card."""

    weights: dict[str, float]
    card: dict[str, Any]


class CountsAnswer(TypedDict):
    """Shots by string, as Qiskit writes them.

    Parts that do not answer under what is given are left out; decoding in steps has a penalty, and
    that a standard error.
    """

    model: str
    seed: int
    registers: list[list[str | int]]
    left_out: list[str]
    penalty_nats: list[float] | None
    counts: dict[str, int]


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service


Here = Annotated[Service, Depends(service_of)]


def served_model(
    service: Here, name: Annotated[str, Path(description="One of `/models`.")]
) -> Served:
    """The model of a path."""
    try:
        return service.models[name]
    except KeyError:
        raise HTTPException(404, "there is no such model; /models names them") from None


Model = Annotated[Served, Depends(served_model)]


async def seat_of(service: Here, _: Model) -> Any:
    """A seat until the answer is sent; async, since the seats belong to the event loop."""
    with service.workers.seat() as seat:
        yield seat


Taken = Annotated[Seat, Depends(seat_of)]

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The token is missing or wrong."},
    421: {"model": Problem, "description": "Asked for by a name that is not this machine's."},
    503: {"model": Problem, "description": "Busy, or too slow; `Retry-After` says when to ask."},
}
_OF_MODELS = {**_PROBLEMS, 404: {"model": Problem, "description": "No such model."}}
_OF_QUESTIONS = {
    **_OF_MODELS,
    400: {"model": Problem, "description": "The body cannot be read."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "What was asked cannot be; the line says why."},
}
_SAMPLES: dict[int | str, dict[str, Any]] = {
    **_OF_QUESTIONS,
    200: {"content": {kind: {} for kind in MEDIA_TYPES.values() if kind != JSON}},
}

router = APIRouter()


@router.get(HEALTH, response_model=Health)
async def health() -> Response:
    """Whether the service answers."""
    return Response(as_json({"status": "ok"}), media_type=JSON)


@router.get("/", include_in_schema=False)
async def page(
    service: Here, model: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """The web page of a model."""
    return service.pages.answer(model)


@router.get("/metrics", include_in_schema=False)
async def metrics(service: Here) -> Response:
    """For Prometheus."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@router.get("/models", response_model=list[ModelEntry], responses=_PROBLEMS)
async def models(service: Here) -> Response:
    """The models that are served."""
    return Response(as_json([_entry(each) for each in service.models.values()]), media_type=JSON)


@router.get("/models/{name}", response_model=ModelAnswer, responses=_OF_MODELS)
async def model(served: Model) -> Response:
    """A model's card: what it was fitted to, and how."""
    surrogate = served.surrogate
    weights = {part.value: weight for part, weight in surrogate.weights.items()}
    found = {**_entry(served), "weights": weights, "card": surrogate.card}
    return Response(as_json(found), media_type=JSON)


@router.post("/models/{name}/sample", response_model=CountsAnswer, responses=_SAMPLES)
async def sample(
    request: Request, service: Here, served: Model, seat: Taken, question: SampleQuestion
) -> Response:
    """New shots, those of `Surrogate.sample`. Larger answers are streamed."""
    _check_shots(question.shots, service.limits)
    seed = seed_of(question.seed)

    def work(cancellation: Cancellation) -> tuple[list[bytes], Iterator[bytes]]:
        shots = answers.sample(served, question, seed, cancellation)
        about = {
            "model": served.name,
            "seed": seed,
            "registers": served.registers,
            "left_out": shots.provenance.get("left_out", []),
            "penalty_nats": shots.provenance.get("penalty_nats"),
        }
        rest = portions(shots, question.format, about)
        return list(islice(rest, 2)), rest

    begun, rest = await seat.run(request, work)
    service.metrics.drawn(served.name, question.shots)
    headers = {"Qdiff-Seed": str(seed), "Qdiff-Bits": str(served.surrogate.num_bits)}
    media_type = MEDIA_TYPES[question.format]
    if len(begun) == 1:
        return Response(begun[0], headers=headers, media_type=media_type)
    return StreamingResponse(chain(begun, rest), headers=headers, media_type=media_type)


@router.post("/models/{name}/log_prob", response_model=LogProbAnswer, responses=_OF_QUESTIONS)
async def log_prob(
    request: Request, served: Model, seat: Taken, question: LogProbQuestion
) -> Response:
    """Exact log-probabilities in nats, also conditional ones."""
    return await _answered(
        request, seat, lambda cancellation: answers.log_prob(served, question, cancellation)
    )


@router.post("/models/{name}/marginal", response_model=MarginalAnswer, responses=_OF_QUESTIONS)
async def marginal(
    request: Request, service: Here, served: Model, seat: Taken, question: MarginalQuestion
) -> Response:
    """The law of some bits, also a conditional one."""
    _check_shots(question.shots, service.limits)
    return await _answered(
        request, seat, lambda cancellation: answers.marginal(served, question, cancellation)
    )


@router.post("/models/{name}/overview", response_model=OverviewAnswer, responses=_OF_QUESTIONS)
async def overview(
    request: Request, service: Here, served: Model, seat: Taken, question: OverviewQuestion
) -> Response:
    """How likely each bit is 1, and the likeliest strings, also under what is given."""
    _check_shots(question.shots, service.limits)
    return await _answered(
        request, seat, lambda cancellation: answers.overview(served, question, cancellation)
    )


async def _answered(request: Request, seat: Seat, work: Callable[[Cancellation], Any]) -> Response:
    """The answer as JSON, written in the worker's thread too."""
    found = await seat.run(request, lambda cancellation: as_json(work(cancellation)))
    return Response(found, media_type=JSON)


def _check_shots(shots: int, limits: Limits) -> None:
    if shots > limits.shots:
        raise InputError(f"shots must be at most {limits.shots:,} here, got {shots:,}")


def _entry(served: Served) -> dict[str, Any]:
    return {
        "name": served.name,
        "num_bits": served.surrogate.num_bits,
        "registers": served.registers,
        "exact": served.has_table,
    }
