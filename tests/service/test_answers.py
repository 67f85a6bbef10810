"""What a service answers is what the surrogate answers in the same process, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from quick_fits import GIVEN, quick_surrogate, with_recurrent
from services import app_of, asking, models, surrogate_of_shots, wide_shots

import qdiff
from qdiff import Distribution, InputError, Shots
from qdiff.files.hints import Hints
from qdiff.models.surrogate import part_mixture
from qdiff.models.surrogate.part import Part
from qdiff.service import streaming
from qdiff.service.served import Served, named_files

KNOWN = {str(bit): value for bit, value in GIVEN.items()}
SUFFIX = {"counts": ".json", "01": ".01", "b8": ".b8"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with asking() as found:
        yield found


def read(answer: httpx.Response, form: str, registers: tuple, folder: Path) -> Shots:
    """The shots of an answer, read as anyone would."""
    assert answer.status_code == 200, answer.text
    path = folder / f"drawn{SUFFIX[form]}"
    path.write_bytes(answer.content)
    return qdiff.load(path, Hints() if form == "counts" else Hints(registers=registers))


@pytest.mark.parametrize("form", SUFFIX)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"given": GIVEN},
        {"order": "random"},
        {"steps": 2},
        {"given": GIVEN, "steps": 2},
    ],
)
def test_samples_are_those_of_the_surrogate(client, tmp_path, form, more) -> None:
    expected = quick_surrogate().sample(3000, seed=11, **more)
    body = {"shots": 3000, "seed": 11, "format": form, **more}
    if "given" in more:
        body["given"] = KNOWN
    answer = client.post("/models/small/sample", json=body)
    assert read(answer, form, expected.registers, tmp_path) == expected
    assert answer.headers["qdiff-seed"] == "11"
    assert answer.headers["qdiff-bits"] == "6"


@pytest.mark.parametrize("form", SUFFIX)
def test_streamed_samples_are_those_of_the_surrogate(client, tmp_path, form) -> None:
    """Many portions, of strings of more than a word, some many times."""
    expected = surrogate_of_shots(wide_shots()).sample(90_000, seed=3)
    body = {"shots": 90_000, "seed": 3, "format": form}
    with client.stream("POST", "/models/wide/sample", json=body) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        answer.read()
    assert read(answer, form, expected.registers, tmp_path) == expected


def test_a_portion_is_small_whatever_the_sample() -> None:
    shots = Shots.from_counts({"01": 3_000_000, "10": 1})
    for form in ("01", "b8"):
        sizes = [len(portion) for portion in streaming.portions(shots, form, {})]
        assert max(sizes) <= 1 << 18
        assert sum(sizes) == 3_000_001 * (3 if form == "01" else 1)


def test_beyond_tables_samples_are_those_of_the_surrogate(monkeypatch, tmp_path) -> None:
    """The diffusion part's orders, the recurrent network and the chain, shot by shot."""
    monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
    model = with_recurrent(quick_surrogate())
    app = app_of(Served.prepared("orders", model))
    with asking(app) as client:
        for given in ({}, GIVEN):
            expected = model.sample(400, seed=4, given=given)
            known = {str(bit): value for bit, value in given.items()}
            body = {"shots": 400, "seed": 4, "given": known}
            answer = client.post("/models/orders/sample", json=body)
            assert read(answer, "counts", (), tmp_path) == expected
            assert answer.json()["left_out"] == (["recurrent"] if given else [])
        found = client.post(
            "/models/orders/marginal", json={"bits": [5, 0], "given": KNOWN, "seed": 9}
        ).json()
        law = model.marginal([5, 0], given=GIVEN, shots=10_000, seed=9)
        assert found["probabilities"] == law.probabilities.tolist()
        assert found["standard_error"] == law.standard_error.tolist()
        assert found["left_out"] == ["recurrent"]


def test_a_seed_that_was_not_asked_for_is_told_and_repeats(client) -> None:
    first = client.post("/models/small/sample", json={"shots": 500}).json()
    other = client.post("/models/small/sample", json={"shots": 500}).json()
    again = client.post("/models/small/sample", json={"shots": 500, "seed": first["seed"]}).json()
    assert first == again
    assert first["counts"] != other["counts"]


def test_log_probabilities_are_those_of_the_surrogate(client) -> None:
    strings = ["010110", "000000", "111111"]
    expected = quick_surrogate().log_prob([[int(b) for b in s[::-1]] for s in strings])
    found = client.post("/models/small/log_prob", json={"strings": strings}).json()["log_prob"]
    assert found == expected.tolist()
    spaced = [f"{s[:4]} {s[4:]}" for s in strings]
    again = client.post("/models/small/log_prob", json={"strings": spaced}).json()["log_prob"]
    assert again == found
    body = {"strings": ["000000", "000010"], "given": {"1": 1}}
    zero, positive = client.post("/models/small/log_prob", json=body).json()["log_prob"]
    assert zero is None  # of probability zero, given that bit 1 is 1
    assert positive == quick_surrogate().log_prob([[0, 1, 0, 0, 0, 0]], given={1: 1})[0]


@pytest.mark.parametrize("given", [{}, GIVEN])
def test_an_overview_is_that_of_the_exact_law(client, given) -> None:
    known = {str(bit): value for bit, value in given.items()}
    found = client.post("/models/small/overview", json={"given": known, "top": 3}).json()
    model = quick_surrogate()
    ones = [model.marginal([bit], given=given).probabilities[1] for bit in range(6)]
    assert np.allclose(found["ones"], ones, atol=1e-12)
    assert found["standard_error"] is None
    strings = [each["string"] for each in found["likeliest"]]
    rows = [[int(b) for b in s.replace(" ", "")[::-1]] for s in strings]
    chances = [each["probability"] for each in found["likeliest"]]
    assert np.allclose(chances, np.exp(model.log_prob(rows, given=given)), rtol=1e-6)
    assert chances == sorted(chances, reverse=True)
    assert len(chances) == 3


def test_an_overview_without_a_table_counts_shots(client) -> None:
    found = client.post("/models/wide/overview", json={"shots": 4000, "seed": 2}).json()
    drawn = surrogate_of_shots(wide_shots()).sample(4000, seed=2)
    assert found["ones"] == (drawn.counts @ drawn.bits / 4000).tolist()
    top = found["likeliest"][0]
    assert top["probability"] == drawn.to_counts()[top["string"]] / 4000


def test_cards_and_names(client) -> None:
    small, wide = client.get("/models").json()
    assert small == {
        "name": "small", "num_bits": 6, "registers": [["a", 2], ["b", 4]], "exact": True,
    }  # fmt: skip
    assert (wide["num_bits"], wide["exact"]) == (70, False)
    answer = client.get("/models/small").json()
    assert answer["card"]["training_shots"] == 3000
    assert answer["weights"] == quick_surrogate().card["weights"]


def test_whatever_text_a_card_holds_the_answer_is_json() -> None:
    law = Distribution(probabilities=np.array([0.5, 0.5])).sample(10, seed=1)
    odd = surrogate_of_shots(law)
    odd.card.update(trained_on={"circuit": "</script>\ud800\x1b"}, number=float("nan"))
    with asking(app_of(Served.prepared("odd", odd))) as client:
        card = client.get("/models/odd").json()["card"]
        assert card == {"trained_on": {"circuit": "</script>\ud800\x1b"}, "number": None}
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("sample", {"shots": 0}, "body.shots"),
        ("sample", {"shots": 2_000_000}, "at most 1,000,000"),
        ("sample", {"shots": 1.5}, "body.shots"),
        ("sample", {"shot": 5}, "body.shot"),
        ("sample", {"seed": -1}, "body.seed"),
        ("sample", {"given": {"00": 1}}, "given.00"),
        ("sample", {"given": {"9": 1}}, "no bit 9"),
        ("sample", {"given": {"1": 2}}, "given.1"),
        ("sample", {"steps": 7}, "1 to 6"),
        ("sample", {"format": "csv"}, "format"),
        ("log_prob", {"strings": ["01"]}, "6 bits"),
        ("log_prob", {"strings": ["01 0110"]}, "registers of [4, 2]"),
        ("log_prob", {"strings": ["000000", "0"]}, "one length"),
        ("log_prob", {"strings": []}, "strings"),
        ("marginal", {"bits": [0, 0]}, "distinct"),
        ("marginal", {"bits": [6]}, "no bit 6"),
        ("overview", {"given": {"6": 1}}, "no bit 6"),
        ("overview", {"top": 0}, "top"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(client, path, body, says) -> None:
    answer = client.post(f"/models/small/{path}", json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert says in error
    assert "\n" not in error
    assert len(error) <= 310


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 50_000, b"1" * 9000, b""])
def test_bodies_that_are_no_json_are_refused(client, content) -> None:
    answer = client.post(
        "/models/small/sample", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"error"}


def test_given_bits_of_probability_zero_are_refused() -> None:
    never = surrogate_of_shots(Shots.from_counts({"00": 3, "11": 2}))
    with asking(app_of(Served.prepared("never", never))) as client:
        for path, more in (("sample", {}), ("overview", {}), ("marginal", {"bits": [0]})):
            body = {"given": {"0": 1, "1": 0}, **more}
            answer = client.post(f"/models/never/{path}", json=body)
            assert answer.status_code == 422
            assert "probability zero" in answer.json()["error"]


def test_models_have_plain_names_each_its_own() -> None:
    with pytest.raises(InputError, match="NAME=FILE"):
        named_files(["a/x.safetensors", "b/x.safetensors"])
    with pytest.raises(InputError, match="name a model"):
        named_files([])
    for name in ("", "a/b", "../a", "a b", "<b>", "a" * 65):
        with pytest.raises(InputError, match="NAME=FILE"):
            Served.prepared(name, quick_surrogate())
    assert [each.name for each in models()] == ["small", "wide"]


def test_a_part_alone_is_served_too() -> None:
    chain = quick_surrogate().only(Part.MATRIX_PRODUCT)
    with asking(app_of(Served.prepared("chain", chain))) as client:
        found = client.post("/models/chain/sample", json={"shots": 200, "seed": 1}).json()
        assert found["counts"] == chain.sample(200, seed=1).to_counts()
