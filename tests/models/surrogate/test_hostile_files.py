"""Model files made to deceive: each is refused with one line, and before memory is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from spoiled_files import HUGE, Change, Header, Tensors, drop, put, refusal, rewritten, say, spoil

from qdiff import Distribution, Shots, Surrogate
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble
from qdiff.models.diffusion.denoisers.config import MLP, LevelledMLP, NetworkConfig, Recurrent
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.surrogate import part_files
from qdiff.models.surrogate.part import Part

BITS = 3


def networked(config: NetworkConfig) -> Any:
    return config.build(BITS, generator=torch.Generator().manual_seed(0)).eval()


def whole(**changed: Any) -> Surrogate:
    """A surrogate with every part, none of them trained."""
    shots = Shots.from_counts({"000": 5, "111": 4, "010": 1})
    coin = np.full((1, 2, 1), 0.5)
    recurrent, mlp = Recurrent(hidden=4), MLP(width=4, depth=1)
    own = np.arange(BITS)[None]
    parts = {
        Part.DIFFUSION: OrderEnsemble(networked(mlp), mlp, np.array([[2, 0, 1], [0, 1, 2]])),
        Part.INTERACTIONS: TableLaw(np.full(8, -np.log(8))),
        Part.MATRIX_PRODUCT: MatrixProductLaw([coin] * BITS),
        Part.RECURRENT: OrderEnsemble(networked(recurrent), recurrent, own),
        Part.SHOTS: HistogramLaw(shots),
    } | changed
    weights = dict.fromkeys(parts, 1 / len(parts))
    return Surrogate(parts=parts, weights=weights, registers=shots.registers, card={})


def flipping() -> Surrogate:
    """A surrogate of the bit-flip process alone."""
    process = BitFlip(schedule=FlipSchedule.cosine(steps=2), rates=(1.0, 2.0, 1.0))
    law = BitFlipLaw(networked(LevelledMLP(width=4, depth=1)), process)
    registers = Shots.from_counts({"000": 1}).registers
    return Surrogate(
        parts={Part.DIFFUSION: law}, weights={Part.DIFFUSION: 1.0}, registers=registers, card={}
    )


def cast(name: str, dtype: type) -> Change:
    def change(tensors: Tensors, header: Header) -> None:
        tensors[name] = tensors[name].astype(dtype)

    return change


def swap(donor: Part, config: NetworkConfig) -> Change:
    """Give the diffusion part a whole network, but of another kind."""
    wholesome, _ = part_files.to_file({donor: whole().parts[donor]})

    def change(tensors: Tensors, header: Header) -> None:
        for name in [name for name in tensors if name.startswith("diffusion.network.")]:
            del tensors[name]
        for name, tensor in wholesome.items():
            if ".network." in name:
                tensors[name.replace(f"{donor.value}.", "diffusion.", 1)] = tensor
        header["parts"]["diffusion"]["network"] = config.to_dict()

    return change


def without_shots(tensors: Tensors, header: Header) -> None:
    tensors["shots.words"], tensors["shots.counts"] = np.zeros((0, 1), np.uint64), np.zeros(0, int)


HOSTILE: dict[str, tuple[Change, str]] = {
    # registers
    "a register of 10^12 bits": (say([["c", HUGE]], "registers"), "bits"),
    "a thousand registers of 10^9 bits": (say([["c", 10**9]] * 1000, "registers"), "bits"),
    "one bit more": (say([["c", 4]], "registers"), "diffusion"),
    "no registers": (say([], "registers"), "registers"),
    "a nameless register": (say([[3, 3]], "registers"), "name"),
    "registers that are no list": (say("ccc", "registers"), "registers"),
    # weights
    "a weight of 10^400": (say(10**400, "weights", "shots"), "weights"),
    "a weight that is not a number": (say(float("nan"), "weights", "shots"), "NaN"),
    "an endless weight": (say(float("inf"), "weights", "shots"), "Infinity"),
    "a weight in words": (say("0.2", "weights", "shots"), "weights"),
    "a true weight": (say({"diffusion": True}, "weights"), "weights"),
    "a negative weight": (say({"diffusion": -1, "shots": 2}, "weights"), "weights"),
    "a weight too much": (say(0.3, "weights", "shots"), "weights"),
    "no weights": (say({}, "weights"), "weights"),
    "an unknown part": (say({"x" * 10**5: 1.0}, "weights"), "weights"),
    "a card with NaN": (say(float("nan"), "card", "seconds"), "NaN"),
    # the diffusion part
    "orders of other bits": (put("diffusion.orders", np.array([[0, 1, 3]])), "orders"),
    "orders of more bits": (put("diffusion.orders", np.arange(4)[None]), "orders"),
    "no orders": (put("diffusion.orders", np.zeros((0, 3), int)), "orders"),
    "orders as numbers": (cast("diffusion.orders", np.float64), "diffusion.orders"),
    "weights in half precision": (cast("diffusion.network.head.weight", np.float16), "float32"),
    "weights in double precision": (cast("diffusion.network.head.bias", np.float64), "float32"),
    "weights as whole numbers": (cast("diffusion.network.head.bias", np.int32), "float32"),
    "a weight NaN": (spoil("diffusion.network.head.bias", np.nan), "finite"),
    "a weight infinite": (spoil("recurrent.network.last.bias", np.inf), "finite"),
    "weights of another shape": (put("diffusion.network.head.bias", np.zeros(4, "f4")), "head"),
    "a network beyond memory": (say(1 << 14, "parts", "diffusion", "network", "width"), "size"),
    "a network of 10^12": (say(HUGE, "parts", "diffusion", "network", "width"), "width"),
    "a recurrent diffusion": (swap(Part.RECURRENT, Recurrent(hidden=4)), "one order only"),
    "an unknown network": (say({"kind": "x"}, "parts", "diffusion", "network"), "unknown network"),
    "no network": (say({}, "parts", "diffusion"), "network"),
    "flips by a network that hides": (
        say([1, 0.5, 0], "parts", "diffusion", "correlations"), "diffusion"
    ),
    "orders known in words": (say("no", "parts", "diffusion", "any_order"), "which orders"),
    "a number of known orders": (say(0, "parts", "diffusion", "any_order"), "which orders"),
    "nothing said of a part": (say({}, "parts"), "diffusion"),
    # the recurrent part
    "a recurrent network in another order": (put("recurrent.orders", [[1, 0, 2]]), "recurrent"),
    # the interactions
    "a table of another size": (put("interactions.log_probabilities", np.zeros(4)), "interaction"),
    "a table that is not normalised": (
        put("interactions.log_probabilities", np.full(8, 1e308)), "sum to one"
    ),
    "a table with NaN": (spoil("interactions.log_probabilities", np.nan), "finite"),
    # the matrix product
    "an empty bond": (put("matrix_product.site0", np.zeros((1, 2, 0))), "tensor 0"),
    "a negative matrix": (put("matrix_product.site1", np.array([[[1.5], [-0.5]]])), "tensor 1"),
    "a matrix with NaN": (spoil("matrix_product.site2", np.nan), "finite"),
    "a missing site": (drop("matrix_product.site1"), "matrix_product.site1"),
    "a chain of more bits": (put("matrix_product.order", np.arange(4)), "matrix_product"),
    "a chain that visits a bit twice": (put("matrix_product.order", [0, 0, 1]), "order"),
    # the shots
    "no shots": (without_shots, "shots"),
    "a negative count": (spoil("shots.counts", -1), "counts"),
    "a count of zero": (spoil("shots.counts", 0), "counts"),
    "counts that overflow": (put("shots.counts", np.full(3, 2**62)), "counts"),
    "counts of other shots": (put("shots.counts", np.ones(2, int)), "counts"),
    "words of more bits": (put("shots.words", np.array([[0], [2], [9]], np.uint64)), "bits"),
    "shots out of order": (put("shots.words", np.array([[2], [0], [7]], np.uint64)), "sorted"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_models_are_refused_with_one_line(tmp_path, change: Change, says: str) -> None:
    path = tmp_path / "model.safetensors"
    whole().save(path)
    rewritten(path, change)
    assert says in refusal(path)


HOSTILE_FLIPS: dict[str, tuple[Change, str]] = {
    "a network that hides": (swap(Part.DIFFUSION, MLP(width=4, depth=1)), "reverse bit flips"),
    "levels that rise": (say([0, 1], "parts", "diffusion", "correlations"), "correlations"),
    "levels in words": (say("10", "parts", "diffusion", "correlations"), "correlations"),
    "one level": (say(1, "parts", "diffusion", "correlations"), "diffusion"),
    "nested levels": (say([1, {}, 0], "parts", "diffusion", "correlations"), "diffusion"),
    "ten thousand rates": (say([1.0] * 10**4, "parts", "diffusion", "rates"), "rates"),
    "a rate of 10^400": (say([10**400, 1, 1], "parts", "diffusion", "rates"), "rates"),
    "a rate in words": (say(["1", 1, 1], "parts", "diffusion", "rates"), "diffusion"),
    "a weight NaN": (spoil("diffusion.network.head.bias", np.nan), "finite"),
}


@pytest.mark.parametrize(("change", "says"), HOSTILE_FLIPS.values(), ids=HOSTILE_FLIPS)
def test_hostile_bit_flip_models_are_refused(tmp_path, change: Change, says: str) -> None:
    path = tmp_path / "model.safetensors"
    flipping().save(path)
    rewritten(path, change)
    assert says in refusal(path)


@pytest.mark.parametrize("model", [whole, flipping])
def test_what_is_rewritten_unchanged_is_accepted(tmp_path, model) -> None:
    """Or else the tests above would pass for a wrong reason."""
    path = tmp_path / "model.safetensors"
    model().save(path)
    rewritten(path, lambda tensors, header: None)
    loaded = Surrogate.load(path)
    assert loaded.sample(100, seed=1) == model().sample(100, seed=1)


def test_hostile_shots_and_tables_are_refused(tmp_path) -> None:
    path = tmp_path / "shots.safetensors"
    Shots.from_counts({"00": 1, "11": 2}).save(path)
    rewritten(path, say([["c", HUGE]], "registers"))
    assert "bits" in refusal(path, Shots)
    table = tmp_path / "table.safetensors"
    Distribution(probabilities=np.full(4, 0.25)).save(table)
    rewritten(table, say([["c", HUGE]], "registers"))
    assert "bits" in refusal(table, Distribution)
    Distribution(probabilities=np.full(4, 0.25)).save(table, force=True)
    rewritten(table, spoil("probabilities", np.nan))
    assert "finite" in refusal(table, Distribution)
