"""A short form of the benchmark of a service: many clients, no error but 503, the right answers."""

from __future__ import annotations

import asyncio
import os

import service
from quick_fits import quick_surrogate
from services import app_of, asking

from qdiff.service.limits import Limits
from qdiff.service.served import Served


def test_twenty_clients_get_the_right_answers_and_no_error_but_503() -> None:
    model = quick_surrogate()
    asked = service.questions(model, 200)
    app = app_of(Served.prepared("model", model), limits=Limits(workers=2, waiting=4))
    with asking(app) as client:
        address = (str(client.base_url.host), int(client.base_url.port or 0))
        seen = asyncio.run(service.load(address, os.getpid(), asked, 20, 3.0))
    found = service.result(seen, 3.0)
    assert set(seen.statuses) <= {200, 503}
    assert (seen.broken, seen.wrong) == (0, 0)
    assert seen.statuses[200] > 50
    assert seen.statuses[503] > 0  # the queue is short, and stays so
    assert found["mebibytes"]["last_quarter"] < 1.1 * found["mebibytes"]["second_quarter"]


def test_power_a_wrong_answer_is_seen() -> None:
    model = quick_surrogate()
    first, second, *_ = service.questions(model, 50)
    right = b'{"counts": %s}' % str(first.expected).replace("'", '"').encode()
    assert service.is_right(first, right)
    assert not service.is_right(second, right)
