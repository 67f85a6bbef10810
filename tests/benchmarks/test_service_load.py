"""A short form of the benchmark of a service: many clients, no error but 503, the right answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import service
from quick_fits import quick_surrogate


def test_twenty_clients_get_the_right_answers_and_no_error_but_503(tmp_path: Path) -> None:
    model = quick_surrogate()
    model.save(path := tmp_path / "model.safetensors")
    asked = service.questions(model, 200)
    with service.served(path, "--waiting", "4", "--workers", "2") as (address, process):
        seen = asyncio.run(service.load(address, process, asked, 20, 3.0))
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
