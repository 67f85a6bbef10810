"""From shots to a matrix-product law: held-out shots choose the bond, the chain and the moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.models.matrix_product.chain_order import ChainOrder, chain_orders
from qdiff.models.matrix_product.expectation_maximisation import (
    Strings,
    expected_uses,
    log_likelihood,
    maximised,
)
from qdiff.models.matrix_product.law import MatrixProductLaw

_EVALUATE_EVERY, _PATIENCE = 10, 5

_TRIED_BOND, _TRIED_STEPS = 8, 200
"""The bond with which chain orders are compared, and its steps at most."""

_LEAST_STEPS = 30
"""A bond whose share of the work pays for fewer steps than this is not tried."""

_FORGETTING = 0.6
"""How fast the blocks of strings seen before are forgotten, between 1/2 and 1."""

_BLOCK_NUMBERS = 1 << 24
"""Numbers that the messages of one block of strings may take: 128 MiB."""


@dataclass(frozen=True, kw_only=True)
class MatrixProductConfig:
    """How matrix-product laws are fitted. The defaults need no tuning.

    Attributes
    ----------
    bonds
        Bond dimensions, in ascending order. The first is fitted from a random law, each other from
        the law of the bond before, its states split at random.
    pseudocount
        Added to every expected use of an entry of a tensor, which keeps all of them positive.
    steps
        Steps of expectation-maximisation a run at most.
    work
        Multiplications a chain order at most, about; it bounds steps and bonds where strings are
        many and long.

    Raises `InputError` for options out of range.
    """

    bonds: tuple[int, ...] = (2, 8, 32)
    pseudocount: float = 0.02
    steps: int = 1000
    work: float = 7.5e9

    def __post_init__(self) -> None:
        bonds = self.bonds
        if not bonds or bonds[0] < 1 or list(bonds) != sorted(set(bonds)):
            raise InputError(f"bonds must be positive and ascending, got {bonds}")
        if not 0 < self.pseudocount < np.inf:
            raise InputError(f"pseudocount {self.pseudocount!r} is not a positive number")
        if self.steps < 1 or not self.work > 0:
            raise InputError(f"steps and work must be positive: {self}")


def fit_matrix_product(
    train: Shots,
    heldout: Shots,
    *,
    seed: Seed = 0,
    config: MatrixProductConfig | None = None,
    orders: Sequence[ChainOrder] | None = None,
) -> MatrixProductLaw:
    """The matrix-product law, over chain orders and bonds, that is likeliest by held-out shots.

    `orders` are those of `chain_orders` unless given; `seed` decides all that is random.

    Raises `InputError` for no shots or shots of different width.

    >>> shots = Shots.from_counts({"000": 480, "111": 500, "100": 20})
    >>> small = MatrixProductConfig(bonds=(1, 2))
    >>> fit_matrix_product(shots, shots, config=small).marginal([0, 1]).round(2).tolist()
    [0.5, 0.0, 0.0, 0.5]
    """
    if train.num_shots == 0 or heldout.num_shots == 0:
        raise InputError("there are no shots to fit")
    if train.num_bits != heldout.num_bits:
        raise InputError(f"shots of {train.num_bits} and {heldout.num_bits} bits do not fit")
    config, generator = config or MatrixProductConfig(), np.random.default_rng(seed)
    laws = [
        fit_along(order, train, heldout, config, generator)
        for order in orders or chain_orders(train)
    ]
    return max(laws, key=lambda law: float(law.log_prob(heldout.bits) @ heldout.counts))


def continued(
    law: MatrixProductLaw,
    train: Shots,
    heldout: Shots,
    *,
    seed: Seed = 0,
    config: MatrixProductConfig | None = None,
) -> MatrixProductLaw:
    """Another's law, moved towards the shots for as long as held-out shots gain by it.

    >>> coin = MatrixProductLaw([np.array([[[0.3], [0.7]]])])
    >>> more = Shots.from_counts({"0": 50, "1": 50})
    >>> continued(coin, more, more).table().round(2).tolist()
    [0.5, 0.5]
    """
    config, order = config or MatrixProductConfig(), tuple(law.order)
    generator = np.random.default_rng(seed)
    blocks, checks = (_blocks(shots, order, law.bond, generator) for shots in (train, heldout))
    steps = _affordable_steps(blocks, law.bond, config)
    run = _run(law.tensors, blocks, checks, steps, config.pseudocount, trained=True)
    return MatrixProductLaw(run.tensors, order)


def likeliest_chain(train: Shots, heldout: Shots, *, seed: Seed = 0) -> ChainOrder:
    """The bits' own order, unless held-out shots clearly prefer the spectral one.

    Laws of a small bond are compared; the spectral order is taken when its mean log-probability is
    higher by two standard errors of the difference.

    >>> pairs = Shots.from_bits([[0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]], [500] * 4)
    >>> likeliest_chain(pairs, pairs) == chain_orders(pairs)[1]
    True
    """
    own, *others = chain_orders(train)
    if not others or len(heldout.counts) == 1:  # a gain on one string has no error to be weighed by
        return own
    (other,) = others
    small = MatrixProductConfig(bonds=(_TRIED_BOND,), steps=_TRIED_STEPS)
    laws = [
        fit_matrix_product(train, heldout, seed=seed, config=small, orders=[order])
        for order in (own, other)
    ]
    gains = laws[1].log_prob(heldout.bits) - laws[0].log_prob(heldout.bits)
    mean = float(gains @ heldout.counts) / heldout.num_shots
    error = np.sqrt(float((gains - mean) ** 2 @ heldout.counts)) / heldout.num_shots
    return other if mean > 2 * error else own


def random_tensors(num_bits: int, bond: int, generator: np.random.Generator) -> list[Floats]:
    """Tensors of a random law, their entries log-normal before rows are made to sum to one."""
    bonds = _bonds(num_bits, bond)
    shapes = [(left, 2, right) for left, right in pairwise(bonds)]
    return maximised([np.exp(generator.standard_normal(shape)) for shape in shapes], 0.0)


def split_states(
    tensors: Sequence[Floats], bond: int, generator: np.random.Generator
) -> list[Floats]:
    """Tensors of a larger bond near those of a smaller: states are doubled, then told apart.

    Twins that were equal would stay equal for ever, so every entry is multiplied by a log-normal
    number.
    """
    bonds = _bonds(len(tensors), bond)
    olds = [*(tensor.shape[0] for tensor in tensors), 1]
    twin_of = [np.arange(new) % old for new, old in zip(bonds, olds, strict=True)]
    split = []
    for site, tensor in enumerate(tensors):
        copies = tensor[twin_of[site]][:, :, twin_of[site + 1]]
        split.append(copies * np.exp(generator.standard_normal(copies.shape)))
    return maximised(split, 0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Run:
    """The best tensors of a run and their held-out score, nats a shot (higher is better)."""

    tensors: list[Floats]
    score: float


def fit_along(
    order: ChainOrder,
    train: Shots,
    heldout: Shots,
    config: MatrixProductConfig,
    generator: np.random.Generator,
) -> MatrixProductLaw:
    """The best bond along one order, each bond starting from the one before."""
    largest = 1 << (train.num_bits // 2)  # enough for any law at all
    bonds = [*dict.fromkeys(min(bond, largest) for bond in config.bonds)]
    blocks = _blocks(train, order, bonds[-1], generator)
    checks = _blocks(heldout, order, bonds[-1], generator)
    runs: list[_Run] = []
    for bond in bonds:
        steps = _affordable_steps(blocks, bond, config)
        if runs and steps < _LEAST_STEPS:
            break
        if runs:
            start = split_states(runs[-1].tensors, bond, generator)
        else:
            start = random_tensors(train.num_bits, bond, generator)
        runs.append(_run(start, blocks, checks, steps, config.pseudocount))
    return MatrixProductLaw(max(runs, key=lambda run: run.score).tensors, order)


def _run(
    start: Sequence[Floats],
    blocks: Sequence[Strings],
    checks: Sequence[Strings],
    steps: int,
    pseudocount: float,
    *,
    trained: bool = False,
) -> _Run:
    """Expectation-maximisation until held-out shots stop gaining; a `trained` start may be best."""
    best = _Run(tensors=[*start], score=_score(start, checks) if trained else -np.inf)
    every, stale = 1 if trained else _EVALUATE_EVERY, 0
    for step, tensors in enumerate(_climb(start, blocks, steps, pseudocount), start=1):
        if step % every and step != steps:
            continue
        score = _score(tensors, checks)
        stale = 0 if score > best.score else stale + 1
        best = _Run(tensors=tensors, score=score) if score > best.score else best
        if stale >= _PATIENCE:
            break
    return best


def _climb(
    start: Sequence[Floats], blocks: Sequence[Strings], steps: int, pseudocount: float
) -> Iterator[list[Floats]]:
    """The tensors after each step.

    Where strings fill one block this is plain expectation-maximisation. Otherwise a step sees one
    block, and expected uses are averaged over steps ``t = 1, 2 ...`` with weights ``(t + 1)^-0.6``
    (Cappé and Moulines, arXiv:0712.4273, section 2), so that a pass over all blocks is many steps.
    """
    average: list[Floats] = []
    tensors = [*start]
    for step in range(steps):
        uses = expected_uses(tensors, blocks[step % len(blocks)])[1]
        weight = 1.0 if len(blocks) == 1 or not average else (step + 2) ** -_FORGETTING
        average = [
            weight * len(blocks) * use + (1 - weight) * old
            for use, old in zip(uses, average or uses, strict=True)
        ]
        tensors = maximised(average, pseudocount)
        yield tensors


def _score(tensors: Sequence[Floats], checks: Sequence[Strings]) -> float:
    total = sum(float(block.counts.sum()) for block in checks)
    return sum(log_likelihood(tensors, block) for block in checks) / total


def _affordable_steps(blocks: Sequence[Strings], bond: int, config: MatrixProductConfig) -> int:
    """Steps of a bond's run; larger bonds get more of the work."""
    share = config.work * bond / sum(config.bonds)
    return max(1, min(config.steps, int(share / blocks[0].work(bond))))


def _blocks(
    shots: Shots, order: ChainOrder, bond: int, generator: np.random.Generator
) -> list[Strings]:
    """The strings along the chain, in random blocks that fit into memory at this bond."""
    number = len(shots.counts)
    size = number
    while size > 1 and _numbers(size, shots.num_bits, bond) > _BLOCK_NUMBERS:
        size = -(-size // 2)
    shuffled = np.arange(number) if size == number else generator.permutation(number)
    bits, counts = shots.bits[:, order], shots.counts.astype(np.float64)
    parts = np.array_split(shuffled, -(-number // size))
    return [Strings.of(bits[part], counts[part]) for part in parts]


def _numbers(rows: int, num_bits: int, bond: int) -> float:
    """How many numbers the messages of so many distinct strings take at most."""
    nodes = sum(min(rows, 2.0 ** (length + 1)) for length in range(num_bits - num_bits // 2))
    return (2 * nodes + 2 * rows) * bond


def _bonds(num_bits: int, bond: int) -> list[int]:
    """The bond before each site and at the end: no more than the shorter side has strings."""
    sides = (min(site, num_bits - site) for site in range(num_bits + 1))
    return [min(bond, 1 << min(side, 62)) for side in sides]
