"""Who is answered, how much at once and for how long; and what nobody is told."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from services import ENDLESS, AsksNumpy, AsksTorch, app_of, asking, bodies, models, routes

from qdiff import InputError
from qdiff.service import answers, guards, listening
from qdiff.service.application import create_app
from qdiff.service.limits import Limits

TOKEN = "a-token-that-nobody-guesses"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


RIGHT = [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic("", TOKEN), basic("anyone", TOKEN)]
WRONG = [
    None,
    "",
    "Bearer",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN.upper()}",
    f"Bearer {TOKEN} {TOKEN}",
    f"Token {TOKEN}",
    TOKEN,
    basic(TOKEN, ""),
    basic("", TOKEN[:-1]),
    "Basic !!!",
    "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    "Basic " + base64.b64encode(TOKEN.encode()).decode(),
    b"Bearer \xff\xfe",
]


@pytest.fixture(scope="module")
def guarded():
    app = app_of(token=TOKEN)
    with asking(app) as client:
        yield app, client


def asked(client: httpx.Client, method: str, path: str, authorization, model: str = "small"):
    headers = {} if authorization is None else {"authorization": authorization}
    body = bodies().get(path.rpartition("/")[2]) if method == "POST" else None
    return client.request(method, path.replace("{name}", model), json=body, headers=headers)


def test_a_wrong_or_missing_token_is_never_answered(guarded) -> None:
    """Every route that the application has, and paths that it does not have."""
    app, client = guarded
    table = routes(app)
    assert len(table) >= 10
    for method, path in [*table, ("GET", "/nothing"), ("GET", "/health/"), ("GET", "//health")]:
        for authorization in WRONG:
            answer = asked(client, method, path, authorization)
            if path == guards.HEALTH:
                assert answer.json() == {"status": "ok"}
                continue
            assert answer.status_code == 401, (method, path, authorization)
            assert answer.json() == {"error": "this service needs its token"}
            assert "Basic" in answer.headers["www-authenticate"]


def test_the_right_token_is_answered_everywhere(guarded) -> None:
    app, client = guarded
    for method, path in routes(app):
        for authorization in RIGHT:
            answer = asked(client, method, path, authorization)
            assert answer.status_code == 200, (method, path, authorization, answer.text)


def test_power_an_unguarded_route_is_seen(guarded) -> None:
    """The same requests are answered where there is no guard."""
    app = app_of()
    with asking(app) as client:
        for method, path in routes(app):
            assert asked(client, method, path, None).status_code == 200


def test_tokens_are_compared_in_constant_time(monkeypatch) -> None:
    """By `hmac.compare_digest`, on digests of one length, whatever is given."""
    seen = []

    def compare(given: bytes, right: bytes) -> bool:
        seen.append((len(given), len(right)))
        return given == right

    monkeypatch.setattr(guards.hmac, "compare_digest", compare)
    with asking(app_of(token=TOKEN)) as client:
        for given in (TOKEN, "x", "x" * 5000):
            client.get("/models", headers={"authorization": f"Bearer {given}"})
    assert seen == [(32, 32)] * 3


def test_where_a_token_comes_from(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv(guards.TOKEN_VARIABLE, raising=False)
    assert guards.read_token(None) is None
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    assert guards.read_token(file) == TOKEN
    monkeypatch.setenv(guards.TOKEN_VARIABLE, TOKEN)
    assert guards.read_token(None) == TOKEN
    with pytest.raises(InputError, match="not from both"):
        guards.read_token(file)
    for short in ("", "short", "two words that are long", "x" * 1001, "a-token-with-\x07-in-it"):
        monkeypatch.setenv(guards.TOKEN_VARIABLE, short)
        with pytest.raises(InputError, match="16 to 1000") as refused:
            guards.read_token(None)
        assert not short or short not in str(refused.value)  # a secret is not printed
    monkeypatch.delenv(guards.TOKEN_VARIABLE)
    with pytest.raises(InputError, match="cannot read the token"):
        guards.read_token(tmp_path / "none")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_names_of_this_machine_are_not_answered(host: str) -> None:
    """What a page of others may ask by a name of its own (DNS rebinding)."""
    with asking() as client:
        answer = client.get("/models", headers={"host": host})
        assert answer.status_code == 421
        assert client.get("/health", headers={"host": host}).status_code == 200
        for own in ("localhost", "LOCALHOST:123", "127.0.0.1:1", "[::1]:8000", "[::1]"):
            assert client.get("/models", headers={"host": own}).status_code == 200


def test_a_public_service_is_asked_by_any_name() -> None:
    with asking(only_local=False) as client:
        assert client.get("/models", headers={"host": "models.example"}).status_code == 200


def test_bodies_are_limited_whether_their_length_is_said_or_not() -> None:
    with asking(limits=Limits(body=1000)) as client:
        fits = json.dumps({"shots": 5}).ljust(1000).encode()
        kind = {"content-type": "application/json"}
        path = "/models/small/sample"
        assert client.post(path, content=fits, headers=kind).status_code == 200
        for content in (fits + b" ", iter([fits, b" "]), iter([b" "] * 3000)):
            answer = client.post(path, content=content, headers=kind)
            assert answer.status_code == 413
            assert "1,000 bytes" in answer.json()["error"]
        for said in (b"1001", b"9" * 18):
            head = b"POST %b HTTP/1.1\r\nhost: localhost\r\ncontent-length: %b\r\n\r\n"
            assert begun(client, head % (path.encode(), said)).startswith(b"HTTP/1.1 413")


def begun(client: httpx.Client, request: bytes) -> bytes:
    """The first bytes that are answered to others, which need be no whole request."""
    with socket.create_connection((str(client.base_url.host), client.base_url.port)) as connection:
        connection.settimeout(60)
        connection.sendall(request)
        return connection.recv(100)


def waited_for(happened: Callable[[], bool]) -> bool:
    """Whether something happens within a minute."""
    end = time.monotonic() + 60
    while not happened() and time.monotonic() < end:
        time.sleep(0.005)
    return happened()


@pytest.mark.parametrize("law", [AsksNumpy, AsksTorch])
def test_a_request_that_takes_too_long_is_ended_with_its_work(law) -> None:
    app = app_of(*models(law), limits=Limits(seconds=0.3, workers=1))
    workers = app.state.service.workers
    with asking(app) as client:
        answer = client.post(f"/models/wide/{law.path}", json=law.body)
        assert answer.status_code == 503
        assert "no answer within 0.3 s" in answer.json()["error"]
        assert answer.headers["retry-after"] == "1"
        assert waited_for(lambda: workers.taken == 0)  # the thread has ended
        assert client.post("/models/wide/sample", json={"shots": 5}).status_code == 200


@pytest.mark.parametrize("law", [AsksNumpy, AsksTorch])
def test_work_ends_when_its_client_has_left(law) -> None:
    law.begun.clear()
    app = app_of(*models(law), limits=Limits(workers=1))
    workers = app.state.service.workers
    with asking(app) as client:
        host, port = str(client.base_url.host), client.base_url.port
        body = json.dumps(law.body).encode()
        with socket.create_connection((host, port)) as connection:
            connection.sendall(
                b"POST /models/wide/%b HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                % (law.path.encode(), len(body), body)
            )
            assert law.begun.wait(60)
            assert workers.taken == 1
        assert waited_for(lambda: workers.taken == 0)
        assert client.post("/models/wide/sample", json={"shots": 5}).status_code == 200
        assert 'status="499"' in client.get("/metrics").text


def test_who_reads_too_slowly_is_left() -> None:
    """A stream that nobody takes holds its seat no longer than any request may."""
    app = app_of(limits=Limits(seconds=1, workers=1))
    workers = app.state.service.workers
    with asking(app) as client:
        body = json.dumps({"shots": 1_000_000, "format": "01"}).encode()
        address = (str(client.base_url.host), client.base_url.port)
        with socket.create_connection(address) as connection:
            connection.sendall(
                b"POST /models/small/sample HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )
            assert connection.recv(12) == b"HTTP/1.1 200"
            assert waited_for(lambda: workers.taken == 0)
            connection.settimeout(60)
            received = b""
            while part := connection.recv(1 << 20):
                received += part
            assert not received.endswith(b"0\r\n\r\n")  # it can be seen that something is missing


def test_who_finds_no_seat_is_told_when_to_come_again() -> None:
    AsksNumpy.begun.clear()
    app = app_of(*models(AsksNumpy), limits=Limits(workers=1, waiting=1, seconds=2))
    with asking(app) as client:

        def endless() -> None:
            client.post("/models/wide/sample", json={"shots": ENDLESS})

        threads = [threading.Thread(target=endless) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert waited_for(lambda: app.state.service.workers.taken == 2)
        answer = client.post("/models/small/sample", json={"shots": 5})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json() == {"error": "the service is busy; ask again in a second"}
        assert client.get("/health").status_code == 200  # which needs no seat
        assert client.get("/models/small").status_code == 200
        for thread in threads:
            thread.join()
        assert waited_for(lambda: app.state.service.workers.taken == 0)
        assert client.post("/models/small/sample", json={"shots": 5}).status_code == 200


def test_a_service_that_ends_says_so_and_leaves_no_work(monkeypatch, capfd) -> None:
    monkeypatch.setattr(listening, "_GRACE", 0.2)
    AsksNumpy.begun.clear()
    app, before = app_of(*models(AsksNumpy)), {*threading.enumerate()}
    with ThreadPoolExecutor(1) as pool, asking(app) as client:
        address = f"{client.base_url}/models/wide/sample"
        answer = pool.submit(httpx.post, address, json={"shots": ENDLESS}, timeout=60)
        assert AsksNumpy.begun.wait(60)
    assert answer.result().status_code == 503
    assert "is ending" in answer.result().json()["error"]
    assert "Traceback" not in capfd.readouterr().err
    assert waited_for(lambda: {*threading.enumerate()} <= before)


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (RuntimeError("a secret"), 500, "internal error"),
        (KeyError("a secret"), 500, "internal error"),
        (MemoryError("a secret"), 503, "out of memory"),
    ],
)
def test_a_bug_is_told_to_the_log_alone(monkeypatch, capfd, error, status, says) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(answers, "overview", broken)
    with asking() as client:
        answer = client.post("/models/small/overview", json={})
        assert answer.status_code == status
        assert says in answer.json()["error"]
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert ("a secret" in capfd.readouterr().err) == (status == 500)
        assert client.get("/models/small").status_code == 200


def test_every_answer_forbids_browsers_what_it_does_not_need(guarded) -> None:
    app, client = guarded
    for method, path in routes(app):
        for authorization in (RIGHT[0], None):
            headers = asked(client, method, path, authorization).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "access-control-allow-origin" not in headers
            assert "server" not in headers


def test_metrics_count_what_was_asked(guarded) -> None:
    app = app_of()
    with asking(app) as client:
        client.post("/models/small/sample", json={"shots": 123})
        client.get("/models/none")
        client.get("/made-up-by-a-stranger")
        text = client.get("/metrics").text
    lines = text.splitlines()
    assert 'qdiff_requests_total{route="/models/{name}/sample",status="200"} 1.0' in lines
    assert 'qdiff_requests_total{route="none",status="404"} 1.0' in lines
    assert 'qdiff_shots_total{model="small"} 123.0' in lines
    assert "qdiff_seats_taken 0.0" in lines
    assert "stranger" not in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"shots": 0},
        {"shots": 1.5},
        {"body": 0},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"workers": 0},
        {"waiting": -1},
    ],
)
def test_limits_are_checked_when_built(wrong) -> None:
    with pytest.raises(InputError):
        Limits(**wrong)


def test_a_service_needs_a_model() -> None:
    with pytest.raises(InputError, match="no model"):
        create_app([])
