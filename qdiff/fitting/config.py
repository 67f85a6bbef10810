"""What a fit is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from qdiff.data.argument_checks import (
    check_flag,
    check_is,
    check_list,
    check_whole,
    is_between,
    shown,
)
from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.config import (
    MLP,
    AnyOrderRecurrent,
    LevelledMLP,
    NetworkConfig,
    Transformer,
)
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.trainer import TrainingConfig

RECURRENT_TRAINING = TrainingConfig(
    steps=200, batch=512, learning_rate=0.02, warmup=20, averaging=0.98, evaluate_every=25
)
"""What a recurrent network needs at 10,000 shots; another network is better off with
`TrainingConfig`'s own defaults."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A network and how it is trained; the candidate of best held-out score is kept."""

    network: NetworkConfig = field(default_factory=AnyOrderRecurrent)
    training: TrainingConfig = RECURRENT_TRAINING

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the model card."""
        return {"network": self.network.to_dict(), "training": asdict(self.training)}


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """What a surrogate is made of. `qdiff.fit` chooses one (see `choose_config`) unless given.

    Attributes
    ----------
    process
        The forward process: `Masking` or `BitFlip`.
    candidates
        The networks that are tried, one after another: an `AnyOrderRecurrent`, `MLP` or
        `Transformer` for masking, `LevelledMLP` for the bit-flip process.
    orders
        How many random decoding orders an MLP or a transformer is averaged over (``M``). A
        recurrent network reads along the chain of bits that serves the matrix-product law, and
        back.
    any_order
        Whether a recurrent network learns random orders too, which cost it accuracy along its own
        and which draws in parallel steps need. Beyond 22 bits, where questions about given bits
        need them, it always does.
    interactions, matrix_product
        Whether the log-linear law of interactions (at most 22 bits) and the matrix-product law may
        join the mixture.
    posterior
        Whether the training shots themselves may join, as in a Dirichlet posterior.
    heldout
        The part of the shots that decides when training stops and what each part weighs.
    folds
        How many times that is done, another part of the shots held out each time: at most as often
        as there are such parts, four times where each is a quarter. Every part is fitted as often
        and averaged, and all that was held out decides the weights (cross-validated stacking);
        recurrent networks of all folds train at once. Of other networks the first fold decides
        which the others train.
    """

    process: Process[Any] = field(default_factory=Masking)
    candidates: tuple[Candidate, ...] = (Candidate(),)
    orders: int = 8
    any_order: bool = False
    interactions: bool = True
    matrix_product: bool = True
    posterior: bool = True
    heldout: float = 0.1
    folds: int = 4

    def __post_init__(self) -> None:
        check_is(self.process, Process, "process")
        for name in ("orders", "folds"):
            number = check_whole(getattr(self, name), name, most=MOST_REPEATS)
            object.__setattr__(self, name, number)
        for name in ("any_order", "interactions", "matrix_product", "posterior"):
            check_flag(getattr(self, name), name)
        if not is_between(self.heldout, 0, 1):
            raise InputError(f"heldout must lie between 0 and 1, got {shown(self.heldout)}")
        for each in check_list(self.candidates, "candidates"):
            check_is(each, Candidate, "each of candidates")
        if not self.candidates:
            raise InputError("candidates must name at least one network, got none")
        _check_networks(self.candidates, LevelledMLP if self.is_bitflip else _MASKED)

    @property
    def is_bitflip(self) -> bool:
        """Whether the forward process flips bits rather than hide them."""
        return isinstance(self.process, BitFlip)

    @property
    def reads_along_chain(self) -> bool:
        """Whether some part depends on the order of the bits."""
        networks = (candidate.network for candidate in self.candidates)
        return self.matrix_product or any(isinstance(each, AnyOrderRecurrent) for each in networks)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the model card."""
        plain = (
            *("orders", "any_order", "interactions", "matrix_product", "posterior"),
            *("heldout", "folds"),
        )
        return {
            "process": repr(self.process),
            "candidates": [candidate.to_dict() for candidate in self.candidates],
            **{name: getattr(self, name) for name in plain},
        }


_MASKED = (AnyOrderRecurrent, MLP, Transformer)

MOST_REPEATS = 10_000
"""More orders or folds would never end."""


def _check_networks(candidates: tuple[Candidate, ...], kind: Any) -> None:
    wrong = [
        candidate.network for candidate in candidates if not isinstance(candidate.network, kind)
    ]
    if wrong:
        raise InputError(f"{wrong[0]} does not serve this process; see FitConfig")
