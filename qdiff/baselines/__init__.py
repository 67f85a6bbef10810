"""What a user would fit instead of a diffusion model.

Every baseline is a small configuration with ``fit(shots) -> FittedBaseline``, which gives
log-probabilities, samples and, for few bits, the whole table:

>>> model = ChowLiuTree().fit(Shots.from_bits([[0, 0], [1, 1]], [5, 5]))
>>> model.distribution().probabilities.round(3).tolist()
[0.458, 0.042, 0.042, 0.458]

None but `KnownTable` needs a table of ``2^n`` entries, so all others work at 200 bits. Those that
are trained with torch are imported when first used.

`KnownTable` is for what was computed rather than fitted. Where the circuit and its noise are known
and small, `qdiff.trajectories` averages simulated noise trajectories into such a table: the
strongest classical competitor up to some 20 qubits, and the one to beat.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qdiff.baselines.base import Baseline as Baseline
from qdiff.baselines.base import FittedBaseline as FittedBaseline
from qdiff.baselines.chow_liu import ChowLiuTree as ChowLiuTree
from qdiff.baselines.chow_liu import TreeLaw as TreeLaw
from qdiff.baselines.counting import Histogram as Histogram
from qdiff.baselines.counting import IndependentBits as IndependentBits
from qdiff.baselines.counting import ProductLaw as ProductLaw
from qdiff.baselines.counting import Uniform as Uniform
from qdiff.baselines.hammer import HAMMER as HAMMER
from qdiff.baselines.known_table import KnownTable as KnownTable
from qdiff.baselines.matrix_product import MatrixProduct as MatrixProduct
from qdiff.pairwise import mutual_information as mutual_information
from qdiff.pairwise import pair_joint as pair_joint
from qdiff.shots import Shots as Shots

if TYPE_CHECKING:
    from qdiff.baselines.lstm import LSTM as LSTM
    from qdiff.baselines.made import MADE as MADE
    from qdiff.baselines.rbm import RBM as RBM

_TRAINED = {"LSTM": "lstm", "MADE": "made", "RBM": "rbm"}


def __getattr__(name: str) -> Any:
    if name not in _TRAINED:
        raise AttributeError(f"module 'qdiff.baselines' has no attribute {name!r}")
    return getattr(import_module(f"qdiff.baselines.{_TRAINED[name]}"), name)
