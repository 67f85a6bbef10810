"""What every network promises, one contract for all; and what each promises beyond it."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor
from untrained_networks import (
    COUPLED_TRANSFORMER,
    PLAIN_MLP,
    PLAIN_TRANSFORMER,
    TREE,
    every_network,
    seeded,
    stir,
    stirred,
)

from qdiff import InputError
from qdiff.models.diffusion.decoding import ordered as decoding
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.denoisers import transformer
from qdiff.models.diffusion.denoisers.config import NetworkConfig, Transformer, network_from_dict
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.denoisers.transformer import CausalTransformer
from qdiff.models.diffusion.processes.masking import ordered_surprise, random_orders


def strings(rows: int, num_bits: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return 2 * torch.randint(2, (rows, num_bits), generator=seeded(7)).to(dtype) - 1


def walked(network: Denoiser, clean: Tensor, order: list[int], *, remember: bool) -> Tensor:
    """`Denoiser.along`, one step at a time."""
    states, memory, logits = torch.zeros_like(clean), None, []
    for position, bit in enumerate(order):
        each, memory = network.step(states, order, position, memory if remember else None)
        logits.append(each)
        states[:, bit] = clean[:, bit]
    return torch.stack(logits, dim=1)


@pytest.mark.parametrize(
    ("config", "num_bits"),
    [
        (PLAIN_MLP, 1),
        (PLAIN_MLP, 200),
        (PLAIN_TRANSFORMER, 1),
        (PLAIN_TRANSFORMER, 200),
        (COUPLED_TRANSFORMER, 6),
        (COUPLED_TRANSFORMER, 200),
    ],
)
def test_a_fresh_network_of_any_size_is_a_fair_coin(config: NetworkConfig, num_bits: int) -> None:
    before = torch.random.get_rng_state()
    network = config.build(num_bits, generator=seeded())
    assert torch.equal(torch.random.get_rng_state(), before)
    clean, orders = strings(3, num_bits, torch.float32), random_orders(3, num_bits, seeded())
    fair = torch.zeros(3, num_bits)
    assert torch.equal(network(clean * 0), fair)
    assert torch.equal(network.along(clean, orders), fair)
    assert torch.equal(walked(network, clean, orders[0].tolist(), remember=True), fair)
    assert network.num_bits == num_bits


@every_network
def test_the_generator_decides_every_parameter(config: NetworkConfig) -> None:
    first, again, other = (
        config.build(6, generator=seeded(seed)).state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    assert not all(torch.equal(tensor, other[name]) for name, tensor in first.items())


@every_network
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_steps_with_and_without_memory_say_what_one_pass_says(
    config: NetworkConfig, dtype: torch.dtype, tolerance: float
) -> None:
    network, clean, order = stirred(config, dtype), strings(20, 6, dtype), [4, 0, 5, 2, 1, 3]
    passed = network.along(clean, torch.tensor(order).expand(20, -1))
    scale = passed.abs().max()
    for remember in (True, False):
        steps = walked(network, clean, order, remember=remember)
        assert (steps - passed).abs().max() < tolerance * max(1.0, scale)
    assert passed.std() > 0.1


@every_network
def test_the_decoder_may_hold_spins_as_bytes(config: NetworkConfig) -> None:
    network, clean, order = stirred(config, torch.float32), strings(9, 6), [4, 0, 5, 2, 1, 3]
    steps = walked(network, clean.float(), order, remember=True)
    assert torch.equal(walked(network, clean.to(torch.int8), order, remember=True), steps)


@every_network
def test_every_row_may_have_its_own_order(config: NetworkConfig) -> None:
    network, clean, orders = stirred(config), strings(20, 6), random_orders(20, 6, seeded(2))
    together = network.along(clean, orders)
    for row in range(20):
        alone = network.along(clean[row : row + 1], orders[row : row + 1])
        assert torch.allclose(together[row], alone[0], atol=1e-12)


@every_network
def test_all_bits_are_asked_about_at_once(config: NetworkConfig) -> None:
    """`forward` = `along` any order that begins with the visible bits, ascending."""
    network, clean = stirred(config), strings(64, 6)
    number = torch.arange(64) % 6
    sets = random_orders(64, 6, seeded(3)).argsort(1) < number[:, None]
    logits = network(clean * sets)
    for row in range(64):
        visible, hidden = sets[row].nonzero()[:, 0], (~sets[row]).nonzero()[:, 0]
        for turn in range(len(hidden)):
            order = torch.cat([visible, hidden.roll(turn)])[None]
            asked = network.along(clean[row : row + 1], order)[0, len(visible)]
            assert (logits[row, hidden.roll(turn)[0]] - asked).abs() < 1e-12


@every_network
def test_a_conditional_sees_all_earlier_bits_and_no_later_one(config: NetworkConfig) -> None:
    network, clean, orders = stirred(config), strings(20, 6), random_orders(20, 6, seeded(4))
    before = network.along(clean, orders)
    for position in range(6):
        bit = orders[:, position : position + 1]
        changed = clean.scatter(1, bit, -clean.gather(1, bit))
        difference = (network.along(changed, orders) - before).abs()
        assert difference[:, : position + 1].max() < 1e-12
        assert (difference[:, position + 1 :] > 1e-9).all()


@every_network
def test_the_loss_reaches_every_parameter(config: NetworkConfig) -> None:
    network = stir(config.build(6, generator=seeded()), std=0.3)
    orders = random_orders(64, 6, seeded(5))
    ordered_surprise(network, strings(64, 6, torch.float32), orders).mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    "config", [PLAIN_TRANSFORMER, COUPLED_TRANSFORMER], ids=["transformer", "coupled"]
)
def test_the_memory_of_waiting_prefixes_is_given_back(
    monkeypatch: pytest.MonkeyPatch, config: NetworkConfig
) -> None:
    """No step is given more than `_CHUNK_BYTES` of memory, however many prefixes there are."""
    monkeypatch.setattr(decoding, "_CHUNK_BYTES", limit := 1 << 14)
    network, given = stirred(config, torch.float32), []
    step = network.step

    def watched(states: Tensor, order: list[int], position: int, memory: Tensor | None) -> object:
        given.append(0 if memory is None else memory.numel() * memory.element_size())
        return step(states, order, position, memory)

    monkeypatch.setattr(network, "step", watched)
    assert abs(OrderedDecoder(network, range(6)).table().sum() - 1) < 1e-12
    assert 0 < max(given) <= limit
    assert given.count(0) > 1


@every_network
def test_a_configuration_survives_json_and_a_skeleton_takes_its_weights(
    config: NetworkConfig,
) -> None:
    assert network_from_dict(json.loads(json.dumps(config.to_dict()))) == config
    network = stirred(config, torch.float32)
    skeleton = config.skeleton(6)
    assert all(parameter.is_meta for parameter in skeleton.parameters())
    skeleton.load_state_dict(network.state_dict(), assign=True)
    hidden = strings(5, 6, torch.float32) * (torch.arange(6) < 3)
    assert torch.allclose(skeleton(hidden), network(hidden), atol=1e-5)


def test_a_skeleton_of_any_size_takes_no_memory() -> None:
    huge = network_from_dict({"kind": "mlp", "width": 1 << 14, "depth": 256}).skeleton(1 << 20)
    assert sum(parameter.numel() for parameter in huge.parameters()) > 1 << 34
    with pytest.raises(RuntimeError):
        huge.load_state_dict(stirred(PLAIN_MLP).state_dict(), assign=True)


WRITTEN = {"kind": "transformer", "width": 16, "depth": 2, "heads": 2, "coupling": []}
"""A transformer's configuration as files have it."""


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "mlp",
        {},
        {"kind": ["mlp"]},
        {"kind": "lstm", "width": 16},
        {"kind": "mlp", "width": 16},
        {"kind": "mlp", "width": 16, "depth": 2, "heads": 2},
        *({"kind": "mlp", "width": width, "depth": 2} for width in (0, -1, 1e3, "9", True, None)),
        *({"kind": "mlp", "width": 16, "depth": depth} for depth in (0, 1 << 40, [2])),
        {"kind": "mlp", "width": 1 << 40, "depth": 2},
        WRITTEN | {"heads": 3},
        WRITTEN | {"heads": 32},
        WRITTEN | {"width": 1 << 40},
        *(
            WRITTEN | {"coupling": coupling}
            for coupling in (None, 3, "01", {"0": 1}, [0, 1], [[0]], [[0, 1, 2]], [[0, 0]])
        ),
        *(WRITTEN | {"coupling": [pair]} for pair in ([0, -1], [0, "1"], [0, 1.0], [0, True])),
    ],
)
def test_hostile_descriptions_are_refused(value: object) -> None:
    with pytest.raises(InputError):
        network_from_dict(value)


@pytest.mark.parametrize("num_bits", [4, transformer.MAX_BITS + 1])
def test_bits_that_a_coupled_transformer_cannot_have_are_refused(num_bits: int) -> None:
    with pytest.raises(InputError):
        COUPLED_TRANSFORMER.skeleton(num_bits)


def test_no_bias_is_a_bias_of_zero() -> None:
    plain, coupled = stirred(PLAIN_TRANSFORMER), stirred(COUPLED_TRANSFORMER)
    state = plain.state_dict() | {"bias.weight": torch.zeros(transformer.FARTHEST + 3, 2)}
    learned = coupled(strings(9, 6))
    coupled.load_state_dict(state)
    orders, clean = random_orders(9, 6, seeded(6)), strings(9, 6)
    assert torch.allclose(coupled.along(clean, orders), plain.along(clean, orders), atol=1e-12)
    assert torch.allclose(coupled(clean * (orders < 3)), plain(clean * (orders < 3)), atol=1e-12)
    assert not torch.allclose(coupled(clean), learned)


def test_relations_are_distances_in_the_coupling_graph() -> None:
    far = transformer.FARTHEST
    chain = tuple((bit, bit + 1) for bit in range(far + 2))
    network = Transformer(coupling=chain).build(far + 4, generator=seeded())
    assert isinstance(network, CausalTransformer)
    first = network.relations[0].tolist()
    assert first == [*range(far), far, far, far, far + 1, far + 2]  # ..., unreachable, start
    assert torch.equal(network.relations[:, :-1], network.relations[:, :-1].T)


def test_relabelled_bits_with_relabelled_couplings_are_the_same_network() -> None:
    """The bias depends on distance alone: nothing else in the network knows the graph."""
    moved = [3, 5, 0, 1, 4, 2]  # old bit i is new bit moved[i]
    old, clean, orders = (
        stirred(COUPLED_TRANSFORMER),
        strings(20, 6),
        random_orders(20, 6, seeded(8)),
    )
    edges = tuple((moved[a], moved[b]) for a, b in TREE)
    new_place = torch.tensor(moved)
    values = torch.stack([2 * new_place, 2 * new_place + 1], dim=1).flatten()
    state = {name: tensor.clone() for name, tensor in old.state_dict().items()}
    state["content.weight"][values] = old.state_dict()["content.weight"][:-1]
    for name in ("target.weight", "readout.weight"):
        state[name][new_place] = old.state_dict()[name]
    same, other = (
        stirred(Transformer(width=16, depth=2, heads=2, coupling=graph)) for graph in (edges, TREE)
    )
    asked = torch.zeros_like(clean).scatter(1, new_place.expand(20, -1), clean), new_place[orders]
    for network in (same, other):
        network.load_state_dict(state)
    expected = old.along(clean, orders)
    assert torch.allclose(same.along(*asked), expected, atol=1e-12)
    assert not torch.allclose(other.along(*asked), expected, atol=1e-3)
