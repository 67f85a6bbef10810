"""`fit`: from shots to a surrogate, with nothing for the user to tune."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qdiff import __version__, interactions
from qdiff.diffusion import masking
from qdiff.diffusion.denoiser import spins
from qdiff.diffusion.networks import ResidualMLP
from qdiff.diffusion.training import Data, Progress, Trainer, TrainingConfig
from qdiff.errors import InputError
from qdiff.laws import AnyOrderLaw, HistogramLaw, Mixture, mixture_weights
from qdiff.shots import Shots
from qdiff.surrogate import Part, Surrogate, diffusion_law

Watch = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """What a surrogate is made of. The defaults are meant to stay.

    Attributes
    ----------
    orders
        How many random decoding orders the diffusion model is averaged over (``M``).
    width, depth
        Size of the residual MLP.
    training
        How the network is trained.
    interactions
        Whether the log-linear law of interactions may join (at most 16 bits).
    posterior
        Whether the training shots themselves may join, as in a Dirichlet posterior.
    heldout
        The part of the shots that decides when training stops and what each part weighs.
    """

    orders: int = 8
    width: int = 128
    depth: int = 2
    training: TrainingConfig = field(default_factory=TrainingConfig)
    interactions: bool = True
    posterior: bool = True
    heldout: float = 0.1

    def __post_init__(self) -> None:
        if min(self.orders, self.width, self.depth) < 1:
            raise InputError(f"orders, width and depth must be positive: {self}")
        if not 0 < self.heldout < 1:
            raise InputError(f"heldout must lie between 0 and 1, got {self.heldout!r}")

    @classmethod
    def for_shots(cls, shots: Shots) -> FitConfig:
        """More shots carry more detail: a wider network and longer training pay from 50,000 on."""
        if shots.num_shots < 50_000:
            return cls()
        return cls(width=256, training=TrainingConfig(steps=3000))


def fit(
    shots: Shots,
    *,
    seed: int = 0,
    device: str | torch.device | None = None,
    config: FitConfig | None = None,
    watch: Watch | None = None,
) -> Surrogate:
    """Fit a surrogate to shots.

    A tenth of the shots is held out. On the rest, a masked diffusion model is trained until the
    held-out score stops improving, and a law of interactions is fitted by empirical Bayes (up to
    16 bits). Held-out shots then weigh these two and the training shots themselves; the
    deterministic parts are refitted to all shots.

    Parameters
    ----------
    seed
        Decides everything random; the same seed on the same machine gives the same surrogate.
    device
        Where the network is trained: a CUDA device when there is one, unless said otherwise.
    config
        `FitConfig.for_shots(shots)` unless given.
    watch
        Called after every training step.

    Raises `InputError` for empty shots, an unknown device, or a device out of memory.

    >>> model = fit(Shots.from_counts({"00": 60, "11": 40}), seed=1)
    >>> model.num_bits
    2
    """
    if shots.num_shots == 0:
        raise InputError("there are no shots to fit; simulate or load some first")
    config = config or FitConfig.for_shots(shots)
    where = choose_device(device)
    started = time.perf_counter()
    seeds = np.random.SeedSequence(seed).spawn(3)
    heldout, train = _hold_out(shots, config.heldout, seeds[0])
    diffusion, record = _fit_diffusion(train, heldout, config, seeds[1:], where, watch)

    parts: dict[Part, AnyOrderLaw] = {Part.DIFFUSION: diffusion}
    if config.interactions and shots.num_bits <= interactions.MAX_BITS:
        parts[Part.INTERACTIONS] = interactions.fit_interactions(train)
    if config.posterior:
        parts[Part.SHOTS] = HistogramLaw(train)
    scores = {part: law.log_prob(heldout.bits) for part, law in parts.items()}
    mixed = mixture_weights(np.stack([*scores.values()]), heldout.counts)
    weights = dict(zip(parts, mixed.tolist(), strict=True))
    score = Mixture([*parts.values()], mixed.tolist()).log_prob(heldout.bits)

    if Part.INTERACTIONS in parts:
        parts[Part.INTERACTIONS] = interactions.fit_interactions(shots)
    if Part.SHOTS in parts:
        parts[Part.SHOTS] = HistogramLaw(shots)
    card = {
        "num_bits": shots.num_bits,
        "training_shots": shots.num_shots,
        "distinct_strings": len(shots.counts),
        "trained_on": dict(shots.provenance),
        "weights": {part.value: weight for part, weight in weights.items()},
        "heldout": {
            "shots": heldout.num_shots,
            "nats_per_shot": _mean(score, heldout),
            "nats_per_shot_by_part": {p.value: _mean(s, heldout) for p, s in scores.items()},
        },
        "config": asdict(config),
        "training": record,
        "seed": seed,
        "device": device_name(where),
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"qdiff": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    return Surrogate(parts=parts, weights=weights, registers=shots.registers, card=card)


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device asked for, or else a CUDA device when there is one."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"device {device!r} cannot be used: {str(error).splitlines()[0]}"
        ) from None
    return chosen


def device_name(device: torch.device) -> str:
    """A name for records: the graphics card's, or ``cpu`` with its number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


def _hold_out(shots: Shots, fraction: float, seed: np.random.SeedSequence) -> tuple[Shots, Shots]:
    """Held-out and training shots; both are never empty, so a single shot serves as both."""
    total = shots.num_shots
    if total == 1:
        return shots, shots
    size = min(max(round(fraction * total), 1), total - 1)
    return shots.split(size / total, seed=seed)


def _fit_diffusion(
    train: Shots,
    heldout: Shots,
    config: FitConfig,
    seeds: list[np.random.SeedSequence],
    device: torch.device,
    watch: Watch | None,
) -> tuple[Mixture, dict[str, Any]]:
    orders = _random_orders(config.orders, train.num_bits, seeds[0])
    start, run = (int(state) for state in seeds[1].generate_state(2, np.uint64) >> np.uint64(1))
    network = ResidualMLP.initialised(
        train.num_bits,
        width=config.width,
        depth=config.depth,
        generator=torch.Generator().manual_seed(start),
    ).to(device)
    generator = torch.Generator(device=device).manual_seed(run)
    trainer = Trainer(
        network,
        masking.Masking(),
        _data(train, device),
        _data(heldout, device),
        config.training,
        generator,
    )
    try:
        for progress in trainer.run():
            if watch is not None:
                watch(progress)
    except torch.cuda.OutOfMemoryError:
        raise InputError(
            f"{device} is out of memory; use a smaller batch or device='cpu'"
        ) from None
    network.eval().requires_grad_(False)
    return diffusion_law(network, orders), {"step_loss_heldout": trainer.history}


def _data(shots: Shots, device: torch.device) -> Data:
    bits = torch.from_numpy(shots.bits).to(device)
    weights = torch.from_numpy(shots.counts / shots.num_shots).to(device)
    return Data(spins=spins(bits), weights=weights)


def _random_orders(number: int, num_bits: int, seed: np.random.SeedSequence) -> NDArray[np.int64]:
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(num_bits) for _ in range(number)])


def _mean(log_prob: NDArray[np.float64], shots: Shots) -> float | None:
    """Mean log-probability a shot; None where a part gives some shot no probability at all."""
    mean = float(log_prob @ shots.counts / shots.num_shots)
    return mean if np.isfinite(mean) else None
