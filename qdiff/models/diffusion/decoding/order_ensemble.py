"""The masked diffusion model's law: one network decoded along several fixed orders.

``q(x) = 1/M sum_m q_{s_m}(x)`` is exactly normalised, evaluated and sampled, and by convexity of
the KL divergence never worse than its mean order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.denoisers.config import NetworkConfig
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.laws.mixture import AnyOrderMixture

Orders = NDArray[np.int64]


class OrderEnsemble(AnyOrderMixture):
    """A `network`, built from `config`, decoded along each of `orders` with equal weight.

    Parameters
    ----------
    orders
        ``(M, n)``, a permutation of the bits a row.
    """

    def __init__(self, network: Denoiser, config: NetworkConfig, orders: Orders) -> None:
        super().__init__(
            [OrderedDecoder(network, order) for order in orders.tolist()], [1.0] * len(orders)
        )
        self.network, self.config, self.orders = network, config, orders


def random_orders(number: int, num_bits: int, generator: np.random.Generator) -> Orders:
    """Uniformly random permutations, ``(number, num_bits)``."""
    return np.stack([generator.permutation(num_bits) for _ in range(number)])
