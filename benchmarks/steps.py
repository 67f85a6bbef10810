"""How close do K network passes a shot come, by masking and by bit flips?

For each circuit and seed: simulate shots, train one network for each forward process on the same
shots with the same loop, and take the exact KL divergence (nats) from the exact noisy law to the
exact law of each process reversed in K steps. No sampling error enters.

`kl_placed` is for steps placed where each process's own cost, measured on strings drawn from its
network, is least; `kl` is for blocks of equal size, or levels at an even pace of log-odds.

Masking reveals blocks of random bits; K = n is its exact end, one bit a step along a random order.
Beside each KL stand its increase over K = n and the factorisation penalty, which is predicted from
the network and strings drawn from it alone. The penalty is the increase of the mean KL over the
choices of blocks; where the increase is smaller, mixing them has given the rest back.

    python benchmarks/steps.py [--seeds 3] [--fresh]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import frame
import numpy as np
import torch
from contenders import divergence
from costs import timed
from record import Row, mean_intervals
from torch import nn
from truths import NOISE

import qdiff
from qdiff import Distribution, Shots
from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import step_costs
from qdiff.models.diffusion.decoding.entropy_profile import EntropyProfile, entropy_profile
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.diffusion.denoisers.config import ResidualMLP
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.denoisers.level_network import LevelMLP, LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig
from qdiff.models.laws.law import Law

CIRCUITS = ("ising:10", "brickwork:10,depth=3", "ghz:10", "qaoa:10")
SHOTS, TRAINING_STEPS = 10_000, 1500
MASKING_STEPS, FLIP_STEPS = [1, 2, 4, 8, 10], [1, 2, 4, 8, 16, 64]
PROFILE_STRINGS, COST_STRINGS = 20_000, 1000

Numbers = dict[str, float]
Results = dict[int, Numbers]
"""What was measured at each number of steps."""


def masking(shots: Shots, truth: Distribution, seed: int) -> Results:
    """KL of K-step unmasking beside the penalty predicted for it."""
    network = ResidualMLP.initialised(
        shots.num_bits, width=128, depth=2, generator=torch_generator(seed, 0)
    )
    seconds = train(network, Masking(), shots, seed)
    profile = own_profile(network, seed)
    end = masking_kl(
        network, truth, UnmaskingSchedule.uniform(shots.num_bits, steps=shots.num_bits)
    )
    results = {}
    for steps in MASKING_STEPS:
        equal = UnmaskingSchedule.uniform(shots.num_bits, steps=steps)
        placed = UnmaskingSchedule.least_penalty(profile.nats, steps=steps)
        kl = masking_kl(network, truth, equal)
        penalty, error = profile.penalty(equal)
        results[steps] = {
            "kl": kl,
            "increase": kl - end,
            "predicted_penalty": penalty,
            "predicted_penalty_error": error,
            "kl_placed": masking_kl(network, truth, placed),
            "predicted_penalty_placed": profile.penalty(placed)[0],
            "train_seconds": seconds,
        }
    return results


def masking_kl(network: Denoiser, truth: Distribution, schedule: UnmaskingSchedule) -> float:
    return divergence(truth, ParallelDecoder(network, schedule).table())


def own_profile(network: Denoiser, seed: int) -> EntropyProfile:
    """The profile on strings drawn from the network itself, one bit a step."""
    generator = np.random.default_rng([seed, 2])
    law = ParallelDecoder(network, steps=network.num_bits)
    return entropy_profile(network, drawn_rows(law, PROFILE_STRINGS, generator), generator)


def bit_flip(shots: Shots, truth: Distribution, seed: int) -> Results:
    """KL of the reversal in K steps of one network, trained on the finest schedule."""
    network = LevelMLP.initialised(
        shots.num_bits, width=128, depth=2, generator=torch_generator(seed, 0)
    )
    process = BitFlip(schedule=FlipSchedule.log_odds(steps=max(FLIP_STEPS)))
    seconds = train(network, process, shots, seed)
    generator = np.random.default_rng([seed, 2])
    rows = drawn_rows(BitFlipLaw(network, process), COST_STRINGS, generator)
    costs = step_costs(network, process, rows, torch_generator(seed, 3))
    results = {}
    for steps in FLIP_STEPS:
        even = FlipSchedule.log_odds(steps=steps)
        placed = FlipSchedule.least_bound(process.schedule, costs, steps=steps)
        results[steps] = {
            "kl": bit_flip_kl(network, truth, even),
            "kl_placed": bit_flip_kl(network, truth, placed),
            "train_seconds": seconds,
        }
    return results


def bit_flip_kl(network: LevelNetwork, truth: Distribution, schedule: FlipSchedule) -> float:
    return divergence(truth, BitFlipLaw(network, BitFlip(schedule=schedule)).table())


def drawn_rows(law: Law, number: int, generator: np.random.Generator) -> Bits:
    """Strings drawn from a law, one row each."""
    words, counts = law.draw(number, generator)
    return bitorder.unpack(words, law.num_bits).repeat(counts, axis=0)


def train(network: nn.Module, process: Process[Any], shots: Shots, seed: int) -> float:
    """Train in place with a tenth of the shots held out; the seconds it took."""
    heldout, kept = shots.split(0.1, seed=seed)
    config = TrainingConfig(steps=TRAINING_STEPS)
    trainer = Trainer(
        network, process, Data.of(kept), Data.of(heldout), config, torch_generator(seed, 1)
    )
    _, spent = timed(lambda: list(trainer.run()))
    network.eval().requires_grad_(False)
    return spent.wall


def torch_generator(*seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(np.random.default_rng(seed).integers(1 << 62)))


PROCESSES: dict[str, Callable[[Shots, Distribution, int], Results]] = {
    "masking": masking,
    "bit-flip": bit_flip,
}


def measure(cell: Row, seeds: Iterable[int]) -> list[Row]:
    """A row for each number of steps: means and intervals over the seeds."""
    circuit, process = cell["circuit"], PROCESSES[cell["process"]]
    truth = qdiff.exact(circuit, NOISE)
    drawn = {seed: qdiff.simulate(circuit, NOISE, shots=SHOTS, seed=seed) for seed in seeds}
    runs = [process(shots, truth, seed) for seed, shots in drawn.items()]
    return [{"steps": steps, **mean_intervals([run[steps] for run in runs])} for steps in runs[0]]


def main() -> None:
    options = frame.arguments(__doc__).parse_args()
    cells = frame.grid(circuit=CIRCUITS, noise=[NOISE], process=PROCESSES)
    settings = {
        "seeds": len(options.seeds),
        "shots": SHOTS,
        "training_steps": TRAINING_STEPS,
        "masking_steps": MASKING_STEPS,
        "flip_steps": FLIP_STEPS,
    }
    frame.collect("steps", cells, partial(measure, seeds=options.seeds), options, settings)


if __name__ == "__main__":
    main()
