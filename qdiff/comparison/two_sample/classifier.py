"""The classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017).

Half of both sets trains a classifier to tell which set a string is from; the other half is scored.
The statistic is the mean logit of the first set's held-out shots less that of the second's (Cheng
and Cloninger, IEEE Trans. Inf. Theory 68, 6631 (2022)), which sees differences too small to move
the accuracy. Its null is known exactly, whatever the classifier has learned: the labels of the
held-out shots are exchanged at random.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from qdiff.comparison.relabelling import Pool, check_sets, p_value
from qdiff.data import bits as bitorder
from qdiff.data.argument_checks import MOST_REPLICATES, check_whole, generator_of, kind_of
from qdiff.data.bits import Floats
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, zero
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig

FEWEST = 10
"""Shots of each set: a half of them must train and stop a network."""

TRAINING = TrainingConfig(
    steps=600, batch=512, learning_rate=3e-3, weight_decay=0.3, evaluate_every=30, patience=5
)
"""How the classifier is trained when nothing else is said."""

_ROWS = 1 << 14


MOST_UNITS = 2**14
"""Wider layers would take a gigabyte."""


@dataclass(frozen=True, kw_only=True)
class ClassifierTest:
    """What the test found.

    Attributes
    ----------
    p_value
        Of the logits.
    logit_difference
        Mean held-out logit of the first set less that of the second, in nats. Were the logits the
        logarithm of the laws' ratio, it would estimate the sum of both KL divergences.
    accuracy, accuracy_null
        Balanced accuracy on held-out shots, and the central 95 % of it when labels are exchanged.
    heldout, permutations
        Held-out shots of each set; random relabellings.
    """

    p_value: float
    logit_difference: float
    accuracy: float
    accuracy_null: tuple[float, float]
    heldout: tuple[int, int]
    permutations: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def classifier_test(
    first: Shots,
    second: Shots,
    *,
    width: int = 64,
    training: TrainingConfig = TRAINING,
    permutations: int = 999,
    seed: Seed = 0,
) -> ClassifierTest:
    """Test whether two sets of shots are from one law, by a classifier that tries to part them.

    Parameters
    ----------
    width
        Units of its two hidden layers.
    training
        How it is trained; a fifth of the training half decides when to stop.
    permutations
        Random relabellings of the held-out half; the least p-value is one over one more.
    seed
        Decides which half trains, the network, and relabellings.

    Raises `InputError` for sets of other bits or of fewer than `FEWEST` shots, and bad options.

    >>> fair = Shots.from_counts({"00": 50, "01": 50, "10": 50, "11": 50})
    >>> classifier_test(fair, Shots.from_counts({"00": 100, "11": 100})).p_value
    0.001
    """
    times = check_whole(permutations, "permutations", most=MOST_REPLICATES)
    generator = generator_of(seed)
    width = check_whole(width, "width", most=MOST_UNITS)
    _check(first, second, training)
    (mine, heldout), (theirs, other) = (
        shots.split(0.5, seed=generator) for shots in (first, second)
    )
    network = _trained(mine, theirs, width, training, generator)
    pool = Pool.of(heldout, other)
    scores = _scores(network, pool)
    ours, all_ = pool.sums(lambda part: scores[part], times, generator)
    m, n = pool.sizes
    gaps = ours / m - (all_ - ours) / n
    accuracies = 0.5 + 0.5 * gaps[:, 1]
    low, high = np.quantile(accuracies[1:], [0.025, 0.975])
    return ClassifierTest(
        p_value=p_value(gaps[:, 0]),
        logit_difference=float(gaps[0, 0]),
        accuracy=float(accuracies[0]),
        accuracy_null=(float(low), float(high)),
        heldout=(m, n),
        permutations=times,
    )


def _check(first: Shots, second: Shots, training: object) -> None:
    if not isinstance(training, TrainingConfig):
        raise InputError(f"training must be a TrainingConfig, got {kind_of(training)}")
    check_sets(first, second)
    few = min(first.num_shots, second.num_shots)
    if few < FEWEST:
        raise InputError(f"each set needs at least {FEWEST} shots, one has {few}")


class Classifier(nn.Module):
    """Spins ``(rows, n)`` to the logit of being in the first set, ``(rows,)``, zero at first."""

    def __init__(self, num_bits: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(num_bits, width), nn.GELU(), nn.Linear(width, width), nn.GELU()
        )
        self.last, self.direct = nn.Linear(width, 1), nn.Linear(num_bits, 1)
        draw_layers(self, generator)
        zero(self.last, self.direct)

    def forward(self, states: Tensor) -> Tensor:
        logits: Tensor = (self.last(self.hidden(states)) + self.direct(states))[:, 0]
        return logits


@dataclass(frozen=True, kw_only=True)
class _Labelling(Process[Classifier]):
    """Cross-entropy of the last bit, the label, given the others.

    The logit of the label's own frequency, `offset`, is added, so that the network learns the log
    of the ratio of the two laws.
    """

    offset: float

    def loss(self, network: Classifier, clean: Tensor, generator: torch.Generator) -> Tensor:
        return self._each(network, clean).mean()

    def surprise(self, network: Classifier, clean: Tensor, generator: torch.Generator) -> Tensor:
        return torch.cat([self._each(network, part) for part in torch.split(clean, _ROWS)]).double()

    def _each(self, network: Classifier, clean: Tensor) -> Tensor:
        logits = network(clean[:, :-1].float()) + self.offset
        labels = (clean[:, -1] > 0).float()
        return binary_cross_entropy_with_logits(logits, labels, reduction="none")


def _trained(
    first: Shots,
    second: Shots,
    width: int,
    training: TrainingConfig,
    generator: np.random.Generator,
) -> Classifier:
    start, run = (int(number) for number in generator.integers(1 << 62, size=2))
    parts = [shots.split(0.2, seed=generator) for shots in (first, second)]
    checks, data = (Data.of(_labelled(mine, theirs)) for mine, theirs in zip(*parts, strict=True))
    network = Classifier(first.num_bits, width, torch.Generator().manual_seed(start))
    trainer = Trainer(
        network,
        _Labelling(offset=float(np.log(first.num_shots / second.num_shots))),
        data,
        checks,
        training,
        torch.Generator().manual_seed(run),
    )
    for _ in trainer.run():
        pass  # a few seconds at most; nobody watches
    return network.eval().requires_grad_(False)


def _labelled(first: Shots, second: Shots) -> Shots:
    """Both sets with one more bit, which is 1 for the first."""
    rows = np.concatenate([first.bits, second.bits])
    label = np.r_[np.ones(len(first.counts), np.uint8), np.zeros(len(second.counts), np.uint8)]
    counts = np.concatenate([first.counts, second.counts])
    return Shots.from_bits(np.column_stack([rows, label]), counts)


def _scores(network: Classifier, pool: Pool) -> Floats:
    """Each string's logit, and how far it counts for the first set, ``(strings, 2)``."""
    parts = []
    for words in np.split(pool.words, range(_ROWS, len(pool.words), _ROWS)):
        rows = torch.from_numpy(bitorder.unpack(words, pool.num_bits))
        parts.append(network(spins(rows).float()).double().numpy())
    logits = np.concatenate(parts)
    return np.stack([logits, (logits > 0) + 0.5 * (logits == 0)], axis=1)
