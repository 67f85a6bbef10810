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
    LevelledMLP,
    NetworkConfig,
    Recurrent,
    Transformer,
)
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.trainer import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A network and how it is trained; the candidate of best held-out score is kept."""

    network: NetworkConfig = field(default_factory=MLP)
    training: TrainingConfig = field(default_factory=TrainingConfig)

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
        The networks that are tried, one after another; `LevelledMLP` for the bit-flip process.
    recurrent
        Recurrent networks that read the bits in their own order, tried likewise; the best joins the
        mixture. None if empty.
    orders
        How many random decoding orders the masked diffusion model is averaged over (``M``).
    interactions, matrix_product
        Whether the log-linear law of interactions (at most 22 bits) and the matrix-product law may
        join the mixture.
    posterior
        Whether the training shots themselves may join, as in a Dirichlet posterior.
    heldout
        The part of the shots that decides when training stops and what each part weighs.
    folds
        From two on, `heldout` is not used: the shots are parted in so many, each of which is held
        out in turn. Every part is fitted as often and averaged, and all shots decide the weights
        (cross-validated stacking). The first fold decides which of the networks the others train.
        It takes so many times as long, and pays where shots are few.
    """

    process: Process[Any] = field(default_factory=Masking)
    candidates: tuple[Candidate, ...] = (Candidate(),)
    recurrent: tuple[Candidate, ...] = ()
    orders: int = 8
    interactions: bool = True
    matrix_product: bool = True
    posterior: bool = True
    heldout: float = 0.1
    folds: int = 1

    def __post_init__(self) -> None:
        check_is(self.process, Process, "process")
        for name in ("orders", "folds"):
            number = check_whole(getattr(self, name), name, most=MOST_REPEATS)
            object.__setattr__(self, name, number)
        for name in ("interactions", "matrix_product", "posterior"):
            check_flag(getattr(self, name), name)
        if not is_between(self.heldout, 0, 1):
            raise InputError(f"heldout must lie between 0 and 1, got {shown(self.heldout)}")
        for name in ("candidates", "recurrent"):
            for each in check_list(getattr(self, name), name):
                check_is(each, Candidate, f"each of {name}")
        if not self.candidates:
            raise InputError("candidates must name at least one network, got none")
        _check_networks(self.candidates, LevelledMLP if self.is_bitflip else (MLP, Transformer))
        _check_networks(self.recurrent, Recurrent)

    @property
    def is_bitflip(self) -> bool:
        """Whether the forward process flips bits rather than hide them."""
        return isinstance(self.process, BitFlip)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the model card."""
        plain = ("orders", "interactions", "matrix_product", "posterior", "heldout", "folds")
        return {
            "process": repr(self.process),
            "candidates": [candidate.to_dict() for candidate in self.candidates],
            "recurrent": [candidate.to_dict() for candidate in self.recurrent],
            **{name: getattr(self, name) for name in plain},
        }


MOST_REPEATS = 10_000
"""More orders or folds would never end."""


def _check_networks(candidates: tuple[Candidate, ...], kind: Any) -> None:
    wrong = [
        candidate.network for candidate in candidates if not isinstance(candidate.network, kind)
    ]
    if wrong:
        raise InputError(f"{wrong[0]} does not serve this process; see FitConfig")
