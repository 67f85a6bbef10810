"""Other programs' files: the same shots back from every format, and nothing run or swallowed."""

from __future__ import annotations

import io
import json
import pickle
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from npz_files import bit_array, npz_with
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit.quantum_info import hellinger_fidelity
from qiskit.result import Result

import qdiff
from qdiff import InputError, Register, Shots
from qdiff.files import formats
from qdiff.files.convert import convert
from qdiff.files.formats import Form
from qdiff.files.hints import Hints
from qdiff.files.npz_file import read_npz
from qdiff.files.qiskit_results import from_qiskit, to_bit_arrays, to_primitive_result
from qdiff.files.quasi_distribution import project
from qdiff.files.runtime_json import is_runtime, read_runtime, write_runtime

SHOTS = Shots.from_counts(
    {"00 110 1": 7, "01 000 0": 2, "11 111 1": 1},
    registers=[Register("flag", 1), Register("my data", 3), Register("meas", 2)],
)
NAMELESS = (Form.STIM_01, Form.STIM_B8)
HINTS = Hints(registers=SHOTS.registers)


def wide(num_bits: int = 130, shots: int = 200) -> Shots:
    rows = np.random.default_rng(1).integers(0, 2, (shots, num_bits))
    registers = [Register("low", 7), Register("high", num_bits - 7)]
    return Shots.from_bits(rows, registers=registers)


def written(shots: Shots, form: Form, folder: Path) -> Path:
    if form is Form.PARQUET:
        pytest.importorskip("pyarrow", reason="Parquet files need the extra 'parquet'")
    path = folder / f"file.{form}"
    path.write_bytes(formats.write(shots, form))
    return path


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("shots", [SHOTS, wide()], ids=["registers", "130 bits"])
def test_round_trip(form: Form, shots: Shots, tmp_path: Path) -> None:
    path = written(shots, form, tmp_path)
    hints = Hints(registers=shots.registers) if form in NAMELESS else Hints()
    loaded = qdiff.load(path, hints)
    assert loaded == shots
    assert loaded.registers == shots.registers
    assert loaded.provenance["source"] == path.name


@pytest.mark.parametrize("form", Form)
def test_the_content_says_the_format(form: Form, tmp_path: Path) -> None:
    data = written(SHOTS, form, tmp_path).read_bytes()
    found = formats.recognise(data, width_known=True)
    assert found is form


@pytest.mark.parametrize("form", [Form.STIM_01, Form.STIM_B8])
def test_stim_reads_and_writes_the_same(form: Form, tmp_path: Path) -> None:
    stim = pytest.importorskip("stim", reason="needs stim")
    shots = wide()
    path = written(shots, form, tmp_path)
    table = stim.read_shot_data_file(path=str(path), format=str(form), num_measurements=130)
    assert Shots.from_bits(table, registers=shots.registers) == shots
    stim.write_shot_data_file(
        data=table, path=str(tmp_path / "theirs"), format=str(form), num_measurements=130
    )
    assert (tmp_path / "theirs").read_bytes() == path.read_bytes()


def test_numpy_and_pandas_like_readers_see_plain_tables(tmp_path: Path) -> None:
    with np.load(written(SHOTS, Form.NPZ, tmp_path)) as arrays:
        assert arrays["counts"].sum() == 10
    lines = written(SHOTS, Form.CSV, tmp_path).read_text().splitlines()
    assert lines[0] == "flag,my data,meas,count"
    assert "1,110,00,7" in lines
    np.savez(tmp_path / "plain.npz", bits=SHOTS.bits, counts=SHOTS.counts)
    assert qdiff.load(tmp_path / "plain.npz", HINTS) == SHOTS
    np.savez_compressed(tmp_path / "rows.npz", bits=SHOTS.bits.astype(bool))
    assert qdiff.load(tmp_path / "rows.npz").num_shots == 3


@pytest.mark.parametrize(
    ("document", "hints"),
    [
        ({"00 110 1": 7, "01 000 0": 2, "11 111 1": 1}, Hints()),
        ({"0xd": 7, "0x10": 2, "0x3f": 1}, Hints(num_bits=6)),
        ({"13": 7, "16": 2, "63": 1}, Hints(num_bits=6)),
        ({"counts": {"0xd": 7, "0x10": 2, "0x3f": 1}, "num_bits": 6}, Hints()),
        ({"counts": {"13": 7.0, "16": 2, "63": 1}, "num_bits": 6, "shots": 10}, Hints()),
        ({"001101": 7, "010000": 2, "111111": 1}, HINTS),
    ],
)
def test_every_style_of_counts_json(document: dict, hints: Hints, tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    path.write_text(json.dumps(document))
    loaded = qdiff.load(path, hints)
    assert np.array_equal(loaded.words, SHOTS.words)
    assert loaded.counts.tolist() == SHOTS.counts.tolist()
    assert loaded.num_bits == 6


def result() -> Result:
    header = {"creg_sizes": [["flag", 1], ["my data", 3], ["meas", 2]], "memory_slots": 6}
    data = {"counts": SHOTS.to_counts(hex=True)}
    experiment = {"shots": 10, "success": True, "data": data, "header": header}
    return Result.from_dict({"results": [experiment], "success": True, "job_id": "1"})


def test_qiskits_result(tmp_path: Path) -> None:
    assert from_qiskit(result()) == SHOTS
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"results": [result().to_dict()["results"][0]]}))
    assert qdiff.load(path) == SHOTS


def test_qiskits_objects_both_ways() -> None:
    job = to_primitive_result(SHOTS)
    assert [*job[0].data] == ["flag", "my data", "meas"]
    for holder in (job, job[0], job[0].data):
        assert from_qiskit(holder) == SHOTS
    arrays = to_bit_arrays(SHOTS)
    assert arrays["meas"].get_counts() == {"00": 7, "01": 2, "11": 1}
    assert from_qiskit(arrays["meas"]).to_counts() == {"00": 7, "01": 2, "11": 1}
    assert hellinger_fidelity(arrays["meas"].get_counts(), {"00": 7, "01": 2, "11": 1}) > 0.999
    for nonsense in (5, [], [1, 2], DataBin()):
        with pytest.raises(InputError):
            from_qiskit(nonsense)
    taken = Shots.from_counts({"1": 1}, registers=[Register("shape", 1)])
    with pytest.raises(InputError, match="rename"):
        to_primitive_result(taken)


def swept() -> PrimitiveResult:
    arrays = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1)
    pub = SamplerPubResult(DataBin(c=BitArray(arrays, 3), shape=(2, 3)))
    return PrimitiveResult([pub, pub])


def test_several_pubs_and_sweeps_are_chosen_from(tmp_path: Path) -> None:
    assert from_qiskit(swept(), pub=1, index=(1, 2)).to_counts() == {"101": 1}
    for options, message in (
        ({}, "--pub"),
        ({"pub": 2}, "no pub 2"),
        ({"pub": 0}, "--index"),
        ({"pub": 0, "index": (2, 0)}, "outside"),
    ):
        with pytest.raises(InputError, match=message):
            from_qiskit(swept(), **options)


def test_the_runtimes_own_encoder_and_decoder_agree(tmp_path: Path) -> None:
    ibm = pytest.importorskip("qiskit_ibm_runtime", reason="needs the extra 'ibm'")
    path = tmp_path / "job.json"
    path.write_text(json.dumps(to_primitive_result(SHOTS), cls=ibm.RuntimeEncoder))
    assert qdiff.load(path) == SHOTS
    path.write_text(json.dumps(swept(), cls=ibm.RuntimeEncoder))
    assert qdiff.load(path, Hints(pub=1, index=(1, 2))).to_counts() == {"101": 1}
    path.write_text(json.dumps(result(), cls=ibm.RuntimeEncoder))
    assert qdiff.load(path) == SHOTS
    theirs = json.loads(formats.write(SHOTS, Form.RUNTIME), cls=ibm.RuntimeDecoder)
    assert from_qiskit(theirs) == SHOTS


def test_quasi_distributions_are_refused_or_projected(tmp_path: Path) -> None:
    path = tmp_path / "quasi.json"
    path.write_text(json.dumps({"00": 0.6, "11": 0.5, "01": -0.1}))
    with pytest.raises(InputError, match="--project"):
        qdiff.load(path)
    law = qdiff.load(path, Hints(project=True))
    assert np.allclose(law.probabilities, [0.55, 0, 0, 0.45])
    path.write_text(json.dumps({"00": 0.6, "11": 0.1}))
    with pytest.raises(InputError, match=r"sum to 0\.7"):
        qdiff.load(path, Hints(project=True))


@pytest.mark.filterwarnings("error")
def test_quasi_distributions_of_whole_and_of_vast_numbers(tmp_path: Path) -> None:
    path = tmp_path / "quasi.json"
    for weights, projected in (
        ({"00": 2, "11": -1}, [1, 0, 0, 0]),
        ({"00": 1, "01": 1, "10": -1}, [0.5, 0.5, 0, 0]),
        ({"00": 1.0, "11": 0.0}, [1, 0, 0, 0]),
        ({"00": 1e30, "11": -1e30, "01": 1}, [1, 0, 0, 0]),
        ({"00": 1e308, "11": -1e308, "01": 1}, [1, 0, 0, 0]),
    ):
        path.write_text(json.dumps(weights))
        assert qdiff.load(path, Hints(project=True)).probabilities.tolist() == projected
        if min(weights.values()) < 0:
            with pytest.raises(InputError, match=r"negative: a quasi-distribution.*--project"):
                qdiff.load(path)
    path.write_text(json.dumps({"00": 5, "11": 6}))
    assert qdiff.load(path, Hints(project=True)).to_counts() == {"00": 5, "11": 6}  # plain counts
    for weights in ({"00": 1e30, "11": 1}, {"00": 10**300, "11": 1}, {"00": 10**400, "11": -1}):
        path.write_text(json.dumps(weights))
        for hints in (Hints(), Hints(project=True)):
            with pytest.raises(InputError, match=r"2\*\*62|sum to|negative"):
                qdiff.load(path, hints)


def test_the_projection_is_the_nearest_point_of_the_simplex() -> None:
    """Against the optimality condition: p = max(w - t, 0) for one t, and p sums to one."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        weights = rng.normal(0.1, 0.4, 12)
        projected = project(weights)
        assert abs(projected.sum() - 1) < 1e-12
        assert projected.min() >= 0
        shift = (weights - projected)[projected > 0]
        assert np.ptp(shift) < 1e-12
        assert (weights[projected == 0] <= shift[0] + 1e-12).all()


@pytest.mark.parametrize("form", [Form.STIM_B8, Form.NPZ])
def test_a_million_shots_of_100_bits_take_seconds(form: Form, tmp_path: Path) -> None:
    """0.5 s of processor each way on two slow cores (benchmarks/files.py); 5 s are asked for."""
    words = np.random.default_rng(1).integers(0, 1 << 36, (1_000_000, 2), dtype=np.uint64)
    registers = [Register("low", 64), Register("high", 36)]
    shots = Shots.from_words(words, np.ones(1_000_000, np.int64), registers=registers)
    start = time.process_time()
    (tmp_path / "file").write_bytes(formats.write(shots, form))
    written = time.process_time()
    loaded = qdiff.load(tmp_path / "file", Hints(registers=shots.registers), form=form)
    read = time.process_time()
    assert loaded == shots
    assert written - start < 5
    assert read - written < 5


# ------------------------------------------------------------------ damaged and hostile files


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


class Bomb:
    """Unpickling this would make a file."""

    def __reduce__(self):
        return (Path.touch, (Path("EXPLODED"),))


def pickled_npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, bits=np.array([Bomb()], dtype=object))
    return file.getvalue()


HUGE = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 13)}")
HOSTILE = {
    "pickle": pickle.dumps(Bomb()),
    "pickle in npz": pickled_npz(),
    "huge shape in npz": npz_with("bits.npy", HUGE),
    "code in a header": npz_with("bits.npy", npy("__import__('os').system('touch EXPLODED')")),
    "negative shape": npz_with(
        "bits.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -4)}", b"1234")
    ),
    "path tricks": npz_with("../../bits.npy", npy("{}")),
    "no zip": b"PK\x03\x04 and then nothing",
    "deep JSON": b"[" * 200_000,
    "deep JSON counts": b'{"counts":' * 200_000,
    "not JSON": b'{"01": 5',
    "a key twice": b'{"01": 5, "01": 6}',
    "huge width": b'{"counts": {"0x1": 1}, "num_bits": 1000000000000}',
    "one wide key among many": json.dumps(
        {"1" * 90_000: 1} | {f"{i:b}": 1 for i in range(40_000)}
    ).encode(),
    "endless integer": b'{"' + b"9" * 6000 + b'": 1}',
    "negative counts": b'{"01": -5}',
    "text counts": b'{"01": "five"}',
    "not a number": b'{"01": NaN, "10": 1}',
    "infinite": b'{"01": 1e999}',
    "nothing": b"",
    "blank": b"  \n ",
    "html": b"<html><body>404</body></html>",
    "noise": bytes(range(256)) * 4,
    "ragged 01": b"0101\n010\n",
    "not only 01": b"0101\n0121\n",
    "csv of words": b"bitstring,count\n01,five\n",
    "ragged csv": b"a,b,count\n0,1,5\n0,5\n",
    "csv with grouped digits": b"a,count\n01,1_0\n",
    "csv of one name twice": b"c,c,count\n0,1,5\n",
    "csv without rows": b"a,count\n",
    "csv of a NaN count": b"01,nan\n10,1\n",
    "csv of several registers and a NaN count": b"0,1,nan\n1,0,1\n",
    "csv quotes": b'a,count\n"01,5\n',
    "damaged Parquet": b"PAR1" + bytes(100) + b"PAR1",
    "runtime without value": b'{"__type__": "BitArray", "__value__": 5}',
    "runtime of another type": b'{"__type__": "settings", "__value__": {"module": "os"}}',
    "runtime huge shape": bit_array(HUGE, 100),
    "runtime stray bits": bit_array(
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}", b"\xff"), 3
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_and_damaged_files_are_refused_in_one_line(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        qdiff.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones, under a small limit: nothing beyond it is ever held."""
    from qdiff.files import npz_file, runtime_json

    monkeypatch.setattr(npz_file, "MAX_UNPACKED_BYTES", 2**16)
    monkeypatch.setattr(runtime_json, "MAX_UNPACKED_BYTES", 2**16)
    path = tmp_path / "bomb"
    for data, message in (
        (npz_with("bits.npy", bytes(2**20), method=zipfile.ZIP_DEFLATED), "declares more data"),
        (bit_array(bytes(2**20), 8), "too large"),
    ):
        assert len(data) < 2**13
        path.write_bytes(data)
        with pytest.raises(InputError, match=message):
            qdiff.load(path)
    lying = bytearray(npz_with("bits.npy", bytes(2**20), method=zipfile.ZIP_DEFLATED))
    size = (2**20).to_bytes(4, "little")
    while size in lying:  # in the local header and in the directory
        start = lying.index(size)
        lying[start : start + 4] = (100).to_bytes(4, "little")
    path.write_bytes(bytes(lying))
    with pytest.raises(InputError, match="damaged"):
        qdiff.load(path)


def test_truncated_files_never_pass_for_whole_ones(tmp_path: Path) -> None:
    for form in (Form.COUNTS, Form.RUNTIME, Form.NPZ):
        whole = formats.write(SHOTS, form)
        path = tmp_path / f"cut.{form}"
        for length in np.linspace(0, len(whole) - 3, 15).astype(int):
            path.write_bytes(whole[:length])
            with pytest.raises(InputError):
                qdiff.load(path)


def test_b8_needs_the_number_of_bits(tmp_path: Path) -> None:
    path = tmp_path / "shots.b8"
    path.write_bytes(b"\x05\x02\x05")
    assert qdiff.load(path, Hints(num_bits=3)).to_counts() == {"010": 1, "101": 2}
    for hints, message in (
        (Hints(), "--bits"),
        (Hints(num_bits=2), "beyond its 2"),
        (Hints(num_bits=9), "no whole number"),
    ):
        with pytest.raises(InputError, match=message):
            qdiff.load(path, hints)


def test_hints_are_checked() -> None:
    for wrong in (
        lambda: Hints(num_bits=0),
        lambda: Hints(num_bits=3, registers=SHOTS.registers),
        lambda: Form.parse("tiff"),
    ):
        with pytest.raises(InputError):
            wrong()
    assert not is_runtime({"counts": {}})


def test_missing_extras_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'qdiff-sampler\[parquet\]'"):
        formats.write(SHOTS, Form.PARQUET)
    (tmp_path / "x").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="extra 'parquet'"):
        qdiff.load(tmp_path / "x")


# ------------------------------------------------------------------------------------- convert


def test_convert_goes_all_the_way_round(tmp_path: Path) -> None:
    names = ["a.safetensors", "b.json", "c.runtime.json", "d.npz", "e.csv", "f.safetensors"]
    SHOTS.save(tmp_path / names[0])
    for source, target in pairwise(names):
        convert(tmp_path / source, tmp_path / target)
    assert qdiff.load(tmp_path / names[-1]) == SHOTS
    with pytest.raises(InputError, match="exists"):
        convert(tmp_path / "b.json", tmp_path / "d.npz")
    for name, options, message in (
        ("x.tiff", {}, "--to"),
        ("x.tiff", {"to": "tiff"}, "unknown format"),
        ("x.qpy", {}, "shots, which qpy cannot hold"),
    ):
        with pytest.raises(InputError, match=message):
            convert(tmp_path / "b.json", tmp_path / name, **options)
    law = qdiff.Distribution(probabilities=np.array([0.5, 0.5]))
    law.save(tmp_path / "law.safetensors")
    with pytest.raises(InputError, match="holds a distribution"):
        convert(tmp_path / "law.safetensors", tmp_path / "x.csv")


def test_circuits_are_converted(tmp_path: Path) -> None:
    circuit = Path(__file__).parents[2] / "circuits" / "ghz_4.qasm"
    wanted = qdiff.circuit_hash(qdiff.load_circuit(circuit))
    convert(circuit, tmp_path / "a.qpy")
    convert(tmp_path / "a.qpy", tmp_path / "b.qasm2")
    convert(tmp_path / "b.qasm2", tmp_path / "c.qasm")
    for name in ("a.qpy", "b.qasm2", "c.qasm"):
        assert qdiff.circuit_hash(qdiff.load_circuit(tmp_path / name)) == wanted
    with pytest.raises(InputError, match="holds a circuit"):
        convert(circuit, tmp_path / "x.csv")
    old = bytearray((tmp_path / "a.qpy").read_bytes())
    old[6] = 10
    (tmp_path / "old.qpy").write_bytes(bytes(old))
    with pytest.raises(InputError, match="QPY version 10"):
        convert(tmp_path / "old.qpy", tmp_path / "x.qasm")


def test_field_names_that_are_no_text_are_refused() -> None:
    field = {"__type__": "BitArray", "__value__": {}}
    data = {"field_names": [1], "fields": {"1": field}}
    with pytest.raises(InputError, match="other names"):
        read_runtime({"__type__": "DataBin", "__value__": data}, Hints())


def test_what_unpacks_to_more_than_can_be_held_is_refused(monkeypatch) -> None:
    """Registers that each fit may not fit together; repeated text takes no room in Parquet."""
    shots = Shots.from_bits(
        np.ones((100, 2), np.uint8), registers=(Register("a", 1), Register("b", 1))
    )
    runtime = json.loads(write_runtime(shots))
    monkeypatch.setattr("qdiff.files.runtime_json._MAX_HELD_BYTES", 150)
    with pytest.raises(InputError, match="more shots than can be read"):
        read_runtime(runtime, Hints())


def test_a_parquet_bomb_is_refused_before_it_is_unpacked() -> None:
    """4 GB of repeated text in some kilobytes, of which arrow holds one row."""
    arrow = pytest.importorskip("pyarrow", reason="Parquet files need the extra 'parquet'")
    from pyarrow import parquet

    from qdiff.files.parquet_file import read_parquet

    repeated = arrow.array(["0" * 1_000_000]).take(arrow.array([0] * 100))
    table = arrow.table({"c": repeated, "count": [1] * 100})
    file = io.BytesIO()
    with parquet.ParquetWriter(file, table.schema, compression="zstd") as writer:
        for _ in range(40):
            writer.write_table(table)
    assert len(file.getvalue()) < 100_000
    before = arrow.default_memory_pool().max_memory()
    with pytest.raises(InputError, match="1000000 bits a shot"):
        read_parquet(file.getvalue(), Hints())
    assert arrow.default_memory_pool().max_memory() < max(before, 2**28)


@pytest.mark.parametrize(
    ("text", "says"),
    [('{"0": 1, "00": 2}', "--bits.*one length"), ("a,count\n01,-1\n", "say how often")],
)
def test_what_is_refused_says_what_to_do(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "counts"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        qdiff.load(path)


def test_a_path_with_a_nul_is_no_file() -> None:
    with pytest.raises(InputError, match="there is no file"):
        qdiff.load(Path("a\0b"))


def test_a_damaged_npz_is_shots_or_one_line() -> None:
    """Compressed data that is damaged makes zlib fail in its own way."""
    file = io.BytesIO()
    bits = np.random.default_rng(0).integers(0, 2, (500, 8)).astype(np.uint8)
    np.savez_compressed(file, bits=bits)
    whole, refused = file.getvalue(), 0
    for place in range(40, 400, 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        try:
            read_npz(bytes(damaged), Hints())
        except InputError:
            refused += 1
    assert refused > 40
