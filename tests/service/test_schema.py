"""Requests that are generated from the service's own OpenAPI schema, right ones and wrong ones."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from services import app_of, asking

schemathesis = pytest.importorskip("schemathesis", reason="needs the extra 'clients'")
held = pytest.importorskip("schemathesis.specs.openapi.checks")
CHECKED = (
    held.status_code_conformance,
    held.content_type_conformance,
    held.response_schema_conformance,
)

MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
BUSY = 503


def operations(client: httpx.Client):
    """Method and path, and what generates requests for each, in both ways."""
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.config.update(base_url=str(client.base_url))
    return [found.ok() for found in schema.get_all_operations()]


def requested(client: httpx.Client, requests: int) -> Counter[tuple[str, int]]:
    """How often each operation answered which status; answers are held against the schema too."""
    found: Counter[tuple[str, int]] = Counter()
    kinds = [(each, mode) for each in operations(client) for mode in MODES if each.body]
    kinds += [(each, MODES[0]) for each in operations(client) if not each.body]
    for left, (each, mode) in zip(range(len(kinds), 0, -1), reversed(kinds), strict=True):
        # those without a body are few, and come first: the others make up for them
        share = -(-(requests - found.total()) // left)
        name = f"{each.method} {each.path} {mode.value}"
        ask_with(each.as_strategy(generation_mode=mode), share, name, found)
    return found


def ask_with(strategy, requests: int, name: str, found: Counter[tuple[str, int]]) -> None:
    @settings(
        max_examples=requests,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
        derandomize=True,
    )
    @given(case=strategy)
    def ask(case) -> None:
        answer = case.call()
        found[name, answer.status_code] += 1
        assert answer.status_code < 500 or answer.status_code == BUSY, (name, answer.content)
        assert b"Traceback" not in answer.content
        if answer.status_code != BUSY:
            case.validate_response(answer, checks=[*CHECKED])

    ask()


def check(requests: int) -> None:
    with asking(app_of()) as client:
        found = requested(client, requests)
    print(found.total(), *sorted(found.items()), sep="\n")
    assert found.total() >= requests
    answered = {name for (name, status), _ in found.items() if status == 200}
    refused = {name for (name, status), _ in found.items() if status == 422}
    for path in ("sample", "marginal", "overview"):
        assert f"post /models/{{name}}/{path} positive" in answered
        assert f"post /models/{{name}}/{path} negative" in refused


def test_two_hundred_generated_requests_have_no_server_error() -> None:
    check(200)


@pytest.mark.slow
def test_ten_thousand_generated_requests_have_no_server_error() -> None:
    check(10_000)
