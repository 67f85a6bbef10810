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

    python benchmarks/steps.py [--seeds 3] [--shots 10000] [--fresh]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import record
import torch
from torch import nn

import qdiff
from qdiff import Distribution, Shots
from qdiff.comparison.metrics.tables import kl_divergence
from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.entropy_profile import EntropyProfile, entropy_profile
from qdiff.models.diffusion.decoding.flip_costs import step_costs
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.diffusion.denoisers.config import ResidualMLP
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.denoisers.level_network import LevelMLP, LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.trainer import Data, Trainer, TrainingConfig
from qdiff.models.laws.law import Law

CIRCUITS = ("ising:10", "brickwork:10,depth=3", "ghz:10", "qaoa:10")
NOISE = "superconducting"
PROFILE_STRINGS, COST_STRINGS = 20_000, 1000

Numbers = dict[str, float]
Results = dict[int, Numbers]
"""What was measured at each number of steps."""


def masking(shots: Shots, truth: Distribution, seed: int, options: argparse.Namespace) -> Results:
    """KL of K-step unmasking beside the penalty predicted for it."""
    network = ResidualMLP.initialised(
        shots.num_bits, width=128, depth=2, generator=torch_generator(seed, 0)
    )
    seconds = train(network, Masking(), shots, seed, options)
    profile = own_profile(network, seed)
    end = masking_kl(
        network, truth, UnmaskingSchedule.uniform(shots.num_bits, steps=shots.num_bits)
    )
    results = {}
    for steps in options.masking_steps:
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
    table = ParallelDecoder(network, schedule).table()
    return float(kl_divergence(truth.probabilities, table))


def own_profile(network: Denoiser, seed: int) -> EntropyProfile:
    """The profile on strings drawn from the network itself, one bit a step."""
    generator = np.random.default_rng([seed, 2])
    law = ParallelDecoder(network, steps=network.num_bits)
    return entropy_profile(network, drawn_rows(law, PROFILE_STRINGS, generator), generator)


def bit_flip(shots: Shots, truth: Distribution, seed: int, options: argparse.Namespace) -> Results:
    """KL of the reversal in K steps of one network, trained on the finest schedule."""
    network = LevelMLP.initialised(
        shots.num_bits, width=128, depth=2, generator=torch_generator(seed, 0)
    )
    process = BitFlip(schedule=FlipSchedule.log_odds(steps=max(options.flip_steps)))
    seconds = train(network, process, shots, seed, options)
    generator = np.random.default_rng([seed, 2])
    rows = drawn_rows(BitFlipLaw(network, process), COST_STRINGS, generator)
    costs = step_costs(network, process, rows, torch_generator(seed, 3))
    results = {}
    for steps in options.flip_steps:
        even = FlipSchedule.log_odds(steps=steps)
        placed = FlipSchedule.least_bound(process.schedule, costs, steps=steps)
        results[steps] = {
            "kl": bit_flip_kl(network, truth, even),
            "kl_placed": bit_flip_kl(network, truth, placed),
            "train_seconds": seconds,
        }
    return results


def bit_flip_kl(network: LevelNetwork, truth: Distribution, schedule: FlipSchedule) -> float:
    table = BitFlipLaw(network, BitFlip(schedule=schedule)).table()
    return float(kl_divergence(truth.probabilities, table))


def drawn_rows(law: Law, number: int, generator: np.random.Generator) -> Bits:
    """Strings drawn from a law, one row each."""
    words, counts = law.draw(number, generator)
    return bitorder.unpack(words, law.num_bits).repeat(counts, axis=0)


def train(
    network: nn.Module,
    process: Process[Any],
    shots: Shots,
    seed: int,
    options: argparse.Namespace,
) -> float:
    """Train in place with a tenth of the shots held out; the seconds it took."""
    heldout, kept = shots.split(0.1, seed=seed)
    config = TrainingConfig(steps=options.training_steps)
    trainer = Trainer(
        network, process, Data.of(kept), Data.of(heldout), config, torch_generator(seed, 1)
    )
    start = time.perf_counter()
    for _ in trainer.run():
        pass
    network.eval().requires_grad_(False)
    return time.perf_counter() - start


def torch_generator(*seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(np.random.default_rng(seed).integers(1 << 62)))


PROCESSES: dict[str, Callable[..., Results]] = {"masking": masking, "bit-flip": bit_flip}


def rows_of(circuit: str, process: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row for each number of steps, from all seeds."""
    truth = qdiff.exact(circuit, NOISE)
    runs = []
    for seed in range(1, options.seeds + 1):
        shots = qdiff.simulate(circuit, NOISE, shots=options.shots, seed=seed)
        runs.append(PROCESSES[process](shots, truth, seed, options))
    for steps, numbers in runs[0].items():
        means = {key: record.mean_interval([run[steps][key] for run in runs]) for key in numbers}
        yield {"circuit": circuit, "noise": NOISE, "process": process, "steps": steps, **means}


def finished_rows(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of an earlier run with the same settings."""
    path = record.RESULTS / "steps.json"
    content = json.loads(path.read_text()) if path.exists() else {}
    rows: list[dict[str, Any]] = content["rows"] if content.get("settings") == settings else []
    return rows


def describe(row: dict[str, Any]) -> str:
    text = f"{row['circuit']:22} {row['process']:9} K={row['steps']:<3} KL {row['kl']['mean']:.4f}"
    text += f" (placed {row['kl_placed']['mean']:.4f})"
    if "increase" in row:
        text += f", increase {row['increase']['mean']:.4f}"
        text += f", predicted penalty {row['predicted_penalty']['mean']:.4f}"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shots", type=int, default=10_000)
    parser.add_argument("--training-steps", type=int, default=1500)
    parser.add_argument("--circuits", nargs="+", default=list(CIRCUITS))
    parser.add_argument("--masking-steps", type=int, nargs="+", default=[1, 2, 4, 8, 10])
    parser.add_argument("--flip-steps", type=int, nargs="+", default=[1, 2, 4, 8, 16, 64])
    parser.add_argument("--fresh", action="store_true", help="measure again what is recorded")
    options = parser.parse_args()
    settings = {k: v for k, v in vars(options).items() if k not in ("circuits", "fresh")}
    rows = [] if options.fresh else finished_rows(settings)
    done = {(row["circuit"], row["process"]) for row in rows}
    for circuit in options.circuits:
        for process in PROCESSES:
            if (circuit, process) in done:
                continue
            for row in rows_of(circuit, process, options):
                rows.append(row)
                print(describe(row), flush=True)
            record.write("steps", __doc__.splitlines()[0], rows, settings)


if __name__ == "__main__":
    main()
