"""Shots of other programs, each by its own convention; what cannot be known is asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import qdiff
from qdiff import Distribution, InputError, Shots
from qdiff.files.convert import convert
from qdiff.files.hints import Hints
from qdiff.files.runtime_json import write_runtime

NO_HINTS = Hints()


def loaded(folder: Path, name: str, content: str | bytes, hints: Hints = NO_HINTS) -> Any:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return qdiff.load(path, hints)


def refusal(folder: Path, name: str, content: str, hints: Hints = NO_HINTS) -> str:
    with pytest.raises(InputError) as caught:
        loaded(folder, name, content, hints)
    assert "\n" not in str(caught.value)
    return str(caught.value)


BELL = {"00": 512, "11": 488}
BRAKET = {
    "braketSchemaHeader": {"name": "braket.task_result.gate_model_task_result", "version": "1"},
    "measurements": [[0, 1, 1], [0, 1, 1], [1, 1, 0]],
    "measuredQubits": [0, 1, 2],
    "taskMetadata": {"id": "task", "shots": 3},
}
CIRQ = {
    "cirq_type": "ResultDict",
    "params": {"cirq_type": "ParamResolver", "param_dict": []},
    "records": {
        "a": {"packed_digits": "58", "binary": True, "dtype": "int64", "shape": [3, 1, 2]},
        "b": {"packed_digits": "40", "binary": True, "dtype": "int64", "shape": [3, 1, 1]},
    },
}
QUANTINUUM = {"results": {"low": ["001", "001", "110"], "high": ["1", "0", "1"]}}

READ: dict[str, tuple[str, str | bytes, Hints, dict[str, int]]] = {
    "a column a bit": ("a.csv", "q0,q1\n0,1\n1,1\n0,1\n", NO_HINTS, {"10": 2, "11": 1}),
    "numbers of shots": ("a.csv", "shot,bitstring\n0,01\n1,11\n", NO_HINTS, {"01": 1, "11": 1}),
    "chosen columns": (
        "a.csv",
        "q0,q1,timestamp\n0,1,1700\n1,1,1760\n",
        Hints(columns=("q0", "q1")),
        {"10": 1, "11": 1},
    ),
    "a chosen key": ("a.csv", "x,y\n01,7\n", Hints(columns=("x",)), {"01": 1}),
    "the index of a table": ("a.csv", ",bitstring,count\n0,00,512\n1,11,488\n", NO_HINTS, BELL),
    "counts first": ("a.csv", "Count,Bitstring\n512,00\n488,11\n", NO_HINTS, BELL),
    "shots seen once each, no names": (
        "a.csv",
        "0110,1\n1101,1\n",
        NO_HINTS,
        {"0110": 1, "1101": 1},
    ),
    "counts of two lengths, no names": (
        "a.csv",
        "01,10\n11,100\n",
        NO_HINTS,
        {"01": 10, "11": 100},
    ),
    "bits outside of registers": (
        "a.json",
        '{"results": [{"data": {"counts": {"0x1": 5}}, '
        '"header": {"creg_sizes": [["c", 2]], "memory_slots": 3}}]}',
        NO_HINTS,
        {"001": 5},
    ),
    "counts first, no names": ("a.csv", "512,00\n488,11\n", NO_HINTS, BELL),
    "semicolons": ("a.csv", "bitstring;count\n00;512\n11;488\n", NO_HINTS, BELL),
    "tabs": ("a.tsv", "00\t512\n11\t488\n", NO_HINTS, BELL),
    "tabs, any name": ("a", "state\tfrequency\n00\t512\n11\t488\n", NO_HINTS, BELL),
    "counts with a point": ("a.csv", "bitstring,count\n00,512.0\n11,488.\n", NO_HINTS, BELL),
    "one shot a row": ("a.csv", "bitstring\n01\n11\n01\n", NO_HINTS, {"01": 2, "11": 1}),
    "one shot a row, any name": ("a", "outcome\n01\n11\n", NO_HINTS, {"01": 1, "11": 1}),
    "one shot a row, no name": ("a.csv", "01\n11\n", Hints(bit0="left"), {"10": 1, "11": 1}),
    "keys from the left": ("a.csv", "key,count\n01,5\n", Hints(bit0="left"), {"10": 5}),
    "lost zeros in a csv": (
        "a.csv",
        "key,count\n0,5\n1,2\n10,1\n",
        Hints(num_bits=2),
        {"00": 5, "01": 2, "10": 1},
    ),
    "memory": ("a.json", '["01", "11", "11"]', NO_HINTS, {"01": 1, "11": 2}),
    "hexadecimal memory": ("a.json", '["0x1", "0x3"]', Hints(num_bits=2), {"01": 1, "11": 1}),
    "rows of bits": ("a.json", "[[0, 1], [1, 1]]", Hints(bit0="left"), {"10": 1, "11": 1}),
    "registers with spaces": ("a.txt", "1 01\n0 01\n1 01\n", NO_HINTS, {"0 01": 1, "1 01": 2}),
    "bits with spaces": ("a.txt", "0 1 1\n0 0 0\n", Hints(bit0="right"), {"000": 1, "011": 1}),
    "Stim with spaces": ("a.01", "0 1 1\r\n0 0 0\r\n", NO_HINTS, {"000": 1, "110": 1}),
    "counts as text": ("a.json", '{"00": "5", "11": "3.0"}', NO_HINTS, {"00": 5, "11": 3}),
    "lost zeros": (
        "a.json",
        '{"0": 1185, "1": 591, "10": 207, "100": 4823}',
        Hints(num_bits=3),
        {"000": 1185, "001": 591, "010": 207, "100": 4823},
    ),
    "integers": ("a.json", '{"0": 5, "2": 3}', Hints(num_bits=2), {"00": 5, "10": 3}),
    "memory slots": (
        "a.json",
        '{"counts": {"0x0": 50, "0x3": 30}, "memory_slots": 3}',
        NO_HINTS,
        {"000": 50, "011": 30},
    ),
    "kets": ("a.json", '{"|01>": 50, "|11⟩": 30}', Hints(bit0="left"), {"10": 50, "11": 30}),
    "tuples": ("a.json", '{"(0, 1)": 50, "(1,1)": 30}', Hints(bit0="right"), {"01": 50, "11": 30}),
    "CUDA-Q": ("a.txt", "{ 01:512 11:488 }\n", NO_HINTS, {"10": 512, "11": 488}),
    "Braket": ("a.json", json.dumps(BRAKET), NO_HINTS, {"110": 2, "011": 1}),
    "Braket's probabilities": (
        "a.json",
        json.dumps(
            BRAKET
            | {
                "measurements": None,
                "measurementProbabilities": {"01": 0.2, "11": 0.8},
                "taskMetadata": {"shots": 5},
            }
        ),
        NO_HINTS,
        {"10": 1, "11": 4},
    ),
    "Cirq": ("a.json", json.dumps(CIRQ), NO_HINTS, {"0 10": 1, "1 10": 1, "0 01": 1}),
    "IonQ": (
        "a.json",
        '{"histogram": {"1": 0.25, "2": 0.75}, "qubits": 2}',
        Hints(shots=8),
        {"01": 2, "10": 6},
    ),
    "IonQ's counts": (
        "a.json",
        '{"histogram": {"1": 2, "2": 6}, "qubits": 2}',
        NO_HINTS,
        {"01": 2, "10": 6},
    ),
    "Quantinuum": (
        "a.json",
        json.dumps(QUANTINUUM),
        NO_HINTS,
        {"1 001": 1, "0 001": 1, "1 110": 1},
    ),
    "UTF-16": ("a.json", '{"00": 5, "11": 3}'.encode("utf-16"), NO_HINTS, {"00": 5, "11": 3}),
    "UTF-16 csv": ("a.csv", "key;count\n01;5\n".encode("utf-16"), NO_HINTS, {"01": 5}),
}


@pytest.mark.parametrize(("name", "content", "hints", "counts"), READ.values(), ids=READ)
def test_each_by_its_own_convention(
    name: str, content: str | bytes, hints: Hints, counts: dict[str, int], tmp_path: Path
) -> None:
    assert loaded(tmp_path, name, content, hints).to_counts() == counts


def test_registers_of_other_vendors_keep_their_names(tmp_path: Path) -> None:
    for document, names in ((CIRQ, ["a", "b"]), (QUANTINUUM, ["low", "high"])):
        shots = loaded(tmp_path, "a.json", json.dumps(document))
        assert [register.name for register in shots.registers] == names


def test_a_runtime_result_saved_as_text_of_text(tmp_path: Path) -> None:
    shots = Shots.from_counts({"0 01": 7, "1 11": 2})
    assert loaded(tmp_path, "a.json", json.dumps(write_runtime(shots).decode())) == shots


ASKED: dict[str, tuple[str, str, Hints, str]] = {
    "a column of times": ("a.csv", "q0,q1,timestamp\n0,1,1700\n", NO_HINTS, "timestamp.*--columns"),
    "two names of counts": ("a.csv", "bitstring,count,shots\n01,5,6\n", NO_HINTS, "--columns"),
    "a third column": ("a.csv", "bitstring,flag,count\n01,1,5\n", NO_HINTS, "flag.*--columns"),
    "an index or register": ("a.csv", "index,a,count\n0,1,5\n", NO_HINTS, "index.*--columns"),
    "keys or counts": ("a.csv", "0,1\n1,1\n", NO_HINTS, "--columns"),
    "a column without a name": ("a.csv", "01\n11\n", NO_HINTS, "--bit0"),
    "probabilities": ("a.csv", "bitstring,probability\n00,1\n", NO_HINTS, "--project.*--shots"),
    "an absent column": ("a.csv", "a,b\n1,1\n", Hints(columns=("c",)), "'c'.*header"),
    "kets": ("a.json", '{"|00>": 50}', NO_HINTS, "--bit0"),
    "tuples": ("a.json", '{"(0, 0)": 50}', NO_HINTS, "--bit0"),
    "rows of bits": ("a.json", "[[0, 1], [1, 1]]", NO_HINTS, "--bit0"),
    "bits with spaces": ("a.txt", "0 1 1\n0 0 0\n", NO_HINTS, "--bit0"),
    "lost zeros": ("a.json", '{"0": 1185, "10": 207}', NO_HINTS, "--bits"),
    "integers or lost zeros": ("a.json", '{"0": 1, "10": 2}', Hints(num_bits=4), "10.*0x"),
    "IonQ's probabilities": (
        "a.json",
        '{"histogram": {"0": 0.5, "3": 0.5}, "qubits": 2}',
        NO_HINTS,
        "--shots",
    ),
    "wrong shots": (
        "a.json",
        '{"histogram": {"0": 0.5, "3": 0.5}, "qubits": 2}',
        Hints(shots=7),
        "--shots",
    ),
    "needless order": ("a.json", json.dumps(BRAKET), Hints(bit0="left"), "--bit0"),
    "order of a binary file": ("a.01", "01\n11\n", Hints(bit0="left"), "--bit0"),
    "needless columns": ("a.json", '{"01": 5}', Hints(columns=("a",)), "--columns"),
    "a cut CUDA-Q result": ("a.txt", "{ 00:512 11:4", NO_HINTS, "cut off"),
    "zeros that were not lost": ("a.json", '{"01": 5, "11": 4}', Hints(num_bits=3), "no zeros"),
    "CUDA-Q of two lengths": ("a.txt", "{ 1:5 11:4 }", Hints(num_bits=2), "one length"),
    "integers that look like CUDA-Q": ("a.txt", "{10: 5, 11: 4}", NO_HINTS, "damaged"),
    "fewer spaced bits": ("a.txt", "0 1\n1 1\n", Hints(num_bits=3, bit0="left"), "--bits"),
    "fewer bits of Braket": (
        "a.json",
        json.dumps(BRAKET | {"measurements": None, "measurementProbabilities": {"01": 1.0}}),
        Hints(num_bits=3),
        "--bits",
    ),
    "counts of one first": ("a.csv", "1,0110\n1,1101\n1,1011\n", NO_HINTS, "--columns"),
    "a count of zero or a bit": ("a.csv", "1101,1\n1011,0\n", NO_HINTS, "--columns"),
    "whole numbers as keys": ("a.csv", "2,10\n3,11\n", Hints(num_bits=2), "--columns"),
    "two columns of keys": ("a.csv", "key,bitstring,count\n01,10,5\n", NO_HINTS, "--columns"),
    "an outcome of IonQ twice": (
        "a.json",
        '{"histogram": {"1": 5, "01": 5}, "qubits": 2}',
        NO_HINTS,
        "same outcome",
    ),
    "a probability twice": (
        "a.csv",
        "key,probability\n00,0\n00,0\n11,1\n",
        Hints(project=True),
        "twice",
    ),
    "a header alone": ("a.csv", "a,count\n", NO_HINTS, "no shots"),
    "an outcome twice": ("a.json", '{"0": 1, "00": 2}', Hints(num_bits=2), "same outcome"),
}


@pytest.mark.parametrize(("name", "content", "hints", "says"), ASKED.values(), ids=ASKED)
def test_what_cannot_be_known_is_asked_for(
    name: str, content: str, hints: Hints, says: str, tmp_path: Path
) -> None:
    message = refusal(tmp_path, name, content, hints)
    assert re.search(says, message), message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "bitstring,probability\n00,0.25\n01,0.75\n"),
        ("a.json", '{"histogram": {"0": 0.25, "1": 0.75}, "qubits": 2}'),
        ("a.json", '{"00": 0.25, "01": 0.75}'),
    ],
)
def test_probabilities_are_a_distribution_when_asked(
    name: str, content: str, tmp_path: Path
) -> None:
    law = loaded(tmp_path, name, content, Hints(project=True))
    assert isinstance(law, Distribution)
    assert law.probabilities.tolist() == pytest.approx([0.25, 0.75, 0, 0])


def test_special_names_of_registers_come_back(tmp_path: Path) -> None:
    for name in ("shots", "probability", "index", "state", "count"):
        shots = Shots.from_counts({"01": 3}, registers=[qdiff.Register(name, 2)])
        path = tmp_path / f"{name}.json"
        shots.save(path.with_suffix(".safetensors"))
        convert(path.with_suffix(".safetensors"), path.with_suffix(".csv"))
        assert qdiff.load(path.with_suffix(".csv")) == shots


@pytest.mark.parametrize(
    "record",
    [
        {"packed_digits": "zz", "binary": True, "shape": [3, 1, 2]},
        {"packed_digits": "80", "binary": True, "shape": [10**9, 1, 10**9]},
        {"packed_digits": "80", "binary": True, "shape": [3, 2, 2]},
        {"packed_digits": "80", "binary": False, "shape": [3, 1, 2]},
        {"packed_digits": "8000", "binary": True, "shape": [3, 1, 2]},
        7,
    ],
)
def test_a_damaged_record_of_cirq_is_one_line(record: Any, tmp_path: Path) -> None:
    refusal(tmp_path, "a.json", json.dumps(CIRQ | {"records": {"m": record}}))
