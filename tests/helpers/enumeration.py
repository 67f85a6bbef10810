"""What small models promise, string by string from the definitions."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import torch
from torch import Tensor

from qdiff import Distribution
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.denoisers.denoiser import StatelessDenoiser, spins


def flip_matrix(correlation: float) -> np.ndarray:
    """``[x, z]``: the chance that a bit ``x`` becomes ``z``."""
    return np.array([[1 + correlation, 1 - correlation], [1 - correlation, 1 + correlation]]) / 2


def forward_matrix(level: float, rates: tuple[float, ...]) -> np.ndarray:
    """``q(z | x)`` of all strings, ``[x, z]``; bit 0 varies fastest."""
    matrix = np.ones((1, 1))
    for rate in rates:
        matrix = np.kron(flip_matrix(level**rate), matrix)
    return matrix


def all_spins(num_bits: int) -> Tensor:
    return spins(torch.from_numpy(bitorder.all_bits(num_bits)))


def conditionals(network: StatelessDenoiser, state: np.ndarray) -> np.ndarray:
    """Probability of each bit being 1, from one row at a time."""
    return torch.sigmoid(network(torch.from_numpy(state)[None]).double())[0].numpy()


def exact_profile(network: StatelessDenoiser, law: Distribution) -> np.ndarray:
    """f_j by enumeration: -log q(x_i | x_S) averaged over strings, sets of j bits, other bits."""
    num_bits = law.num_bits
    profile = np.zeros(num_bits)
    for x, row in enumerate(bitorder.all_bits(num_bits)):
        for j in range(num_bits):
            for visible in combinations(range(num_bits), j):
                state = np.zeros(num_bits, dtype=np.float32)
                state[list(visible)] = 2.0 * row[list(visible)] - 1
                one = conditionals(network, state)
                chance = np.where(row, one, 1 - one)
                hidden = [bit for bit in range(num_bits) if bit not in visible]
                surprise = -np.log(chance[hidden]).mean()
                profile[j] += law.probabilities[x] * surprise / comb(num_bits, j)
    return profile
