"""The law of a circuit under noise, as one of the laws that a surrogate is mixed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.errors import InputError
from qdiff.models.clifford.chain_algebra import mixed_chain, read_chain
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.noisy_circuit.noise_posterior import FittedPrior, mixed_with_product
from qdiff.models.readout.confusion import Confusion


class CircuitLaw(AnyOrderLaw):
    """``(1 - f) R p + f prod_i m_i``, exactly normalised, sampled and evaluated.

    Parameters
    ----------
    clean
        ``p``, the law before readout: a table, or beyond tables a matrix-product law.
    confusion
        ``R``; on one bit at a time where `clean` is a matrix-product law.
    background, marginals
        ``f``, and ``m_i(1)`` of each bit.

    Raises `InputError` where these do not fit together.
    """

    def __init__(
        self,
        clean: TableLaw | MatrixProductLaw,
        confusion: Confusion,
        background: float,
        marginals: Floats,
    ) -> None:
        self.num_bits = clean.num_bits
        if confusion.num_bits != self.num_bits or marginals.shape != (self.num_bits,):
            raise InputError(f"a readout of {confusion.num_bits} bits does not fit {self.num_bits}")
        if not (0 <= background <= 1 and marginals.min() >= 0 and marginals.max() <= 1):
            raise InputError("the background's weight and marginals must be probabilities")
        self.clean, self.confusion = clean, confusion
        self.background, self.marginals = background, marginals
        self.noisy: TableLaw | MatrixProductLaw
        if isinstance(clean, TableLaw):
            table = confusion.apply(clean.table())
            self.noisy = TableLaw.of(mixed_with_product(table, background, marginals))
        else:
            self.noisy = mixed_chain(read_chain(clean, confusion), background, marginals)

    @classmethod
    def of(cls, fitted: FittedPrior) -> CircuitLaw:
        """The law of a fitted table."""
        return cls(
            TableLaw.of(fitted.before_readout),
            fitted.confusion,
            fitted.background,
            fitted.marginals,
        )

    def before_readout(self) -> CircuitLaw:
        """The law before readout: what gate noise alone makes of the circuit.

        Of a table the background stays out: it stands for what readout and errors of gates could
        not explain. Of a chain it stands for the errors of gates themselves, and stays, its bits
        read without error.
        """
        silent = Confusion(num_bits=self.num_bits, factors=())
        if isinstance(self.clean, TableLaw):
            return CircuitLaw(self.clean, silent, 0.0, self.marginals)
        return CircuitLaw(self.clean, silent, self.background, self._unread_marginals())

    def _unread_marginals(self) -> Floats:
        """What the background's bits were before readout, as near as a law can be."""
        matrices = np.stack([self.confusion.of_bit(bit) for bit in range(self.num_bits)])
        up, down = matrices[:, 1, 0], matrices[:, 0, 1]
        kept = 1 - up - down
        undone = (self.marginals - up) / np.where(kept > 0, kept, 1)
        return np.clip(np.where(kept > 0, undone, self.marginals), 0, 1)

    def log_prob(self, bits: Bits) -> Floats:
        return self.noisy.log_prob(bits)

    def table(self) -> Floats:
        return np.asarray(self.noisy.table())

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        return self.noisy.draw(shots, generator)

    def marginal(self, bits: Sequence[int]) -> Floats:
        return self.noisy.marginal(bits)

    def condition(self, given: Mapping[int, int]) -> tuple[float, AnyOrderLaw]:
        return self.noisy.condition(given)
