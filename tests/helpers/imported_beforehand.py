"""What is imported only when it is used: by the process that others are forked from."""

from __future__ import annotations

from contextlib import suppress

import torch
from killable_fit import CONFIG
from safetensors import numpy as _safetensors  # noqa: F401

import qdiff.sweeps.sweep
from qdiff.executors import by_name  # noqa: F401
from qdiff.files import load as _load  # noqa: F401
from qdiff.sweeps.sweep_table import to_parquet

CONFIG.candidates[0].network.build(2, generator=torch.Generator())
torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])
with suppress(qdiff.InputError):  # without the extra it is not used either
    to_parquet([{"kl": 1.0}])
