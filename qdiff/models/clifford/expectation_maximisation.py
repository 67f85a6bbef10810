r"""Expectation-maximisation for a chain that is read through noisy readout.

    q(x) = (1 - f) sum_y  prod_j A_j[., y_j, .] R_j[x_j, y_j]  +  f prod_j m_j(x_j)

The hidden variables are the chain's states, the true bits ``y`` and whether a shot came from the
background. Given them the most probable readout, background and chain are counts; no step lowers
the posterior density (Dempster, Laird, Rubin 1977). Either the chain is known and the readout is
fitted, or the readout is known and the chain is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qdiff.data.bits import Bits, Floats
from qdiff.data.shots import Shots
from qdiff.models.matrix_product.law import MatrixProductLaw

_PRIOR_READOUT = (0.5, 30.0)
"""Errors and right readings that the prior is worth, of each true value."""

_PRIOR_BACKGROUND = (0.5, 50.0)
_PSEUDOCOUNT = 1e-3
_TINY = 1e-290


@dataclass(frozen=True, eq=False, kw_only=True)
class NoisyChain:
    """A chain, the readout of each of its bits ``[read, true]``, and the background.

    Attributes
    ----------
    tensors, order
        As in `MatrixProductLaw`.
    readout
        ``(n, 2, 2)``, by bit.
    background, marginals
        ``f`` and ``m_j(1)``, by bit.
    """

    tensors: tuple[Floats, ...]
    order: tuple[int, ...]
    readout: Floats
    background: float
    marginals: Floats

    @property
    def law(self) -> MatrixProductLaw:
        """The chain before readout."""
        return MatrixProductLaw(self.tensors, self.order)


@dataclass(frozen=True, eq=False, kw_only=True)
class Expected:
    """What a step needs: the log posterior density up to a constant, and expected counts.

    `uses` has ``(left bond, true bit, read bit, right bond)`` a site; `background` counts shots.
    """

    objective: float
    uses: list[Floats]
    background: float


def start(law: MatrixProductLaw, shots: Shots, *, error: float = 0.02) -> NoisyChain:
    """Readout errors of `error` on every bit, and a background of the shots' own marginals."""
    readout = np.array([[1 - error, error], [error, 1 - error]])
    ones = (shots.counts @ shots.bits + 0.5) / (shots.num_shots + 1)
    return NoisyChain(
        tensors=law.tensors,
        order=law.order,
        readout=np.repeat(readout[None], law.num_bits, axis=0),
        background=0.01,
        marginals=np.asarray(ones),
    )


def expected(chain: NoisyChain, rows: Bits, counts: Floats) -> Expected:
    """The expectation step, by messages from both ends of the chain."""
    ahead, scales = _forward(chain, rows)
    logs = scales + np.log(np.maximum(ahead[-1][:, 0], _TINY))
    ones = np.clip(chain.marginals, 1e-12, 1 - 1e-12)
    product = rows @ np.log(ones) + (1 - rows.astype(np.float64)) @ np.log1p(-ones)
    with np.errstate(divide="ignore"):
        joint = np.stack([np.log1p(-chain.background) + logs, np.log(chain.background) + product])
    total = np.logaddexp(*joint)
    weights = counts * np.exp(joint[0] - total)
    return Expected(
        objective=float(counts @ total) + _log_prior(chain),
        uses=_backward(chain, rows, ahead, weights),
        background=float(counts.sum() - weights.sum()),
    )


def with_readout(chain: NoisyChain, found: Expected) -> NoisyChain:
    """The most probable readout and background given expected counts; the chain stays."""
    wrong, right = _PRIOR_READOUT
    readout = chain.readout.copy()
    for bit, use in zip(chain.order, found.uses, strict=True):
        pairs = use.sum(axis=(0, 3)).T + np.array([[right, wrong], [wrong, right]])
        readout[bit] = pairs / pairs.sum(axis=0)
    return replace(chain, readout=readout, background=_background(found))


def with_background(chain: NoisyChain, found: Expected) -> NoisyChain:
    """The most probable background given expected counts; chain and readout stay."""
    return replace(chain, background=_background(found))


def with_tensors(chain: NoisyChain, found: Expected) -> NoisyChain:
    """The most probable chain and background given expected counts; the readout stays."""
    raised = [use.sum(axis=2) + _PSEUDOCOUNT for use in found.uses]
    tensors = tuple(each / each.sum(axis=(1, 2), keepdims=True) for each in raised)
    return replace(chain, tensors=tensors, background=_background(found))


def _background(found: Expected) -> float:
    few, many = _PRIOR_BACKGROUND
    total = found.background + sum(use.sum() for use in found.uses[:1])
    return float((found.background + few) / (total + few + many))


def _log_prior(chain: NoisyChain) -> float:
    wrong, right = _PRIOR_READOUT
    few, many = _PRIOR_BACKGROUND
    diagonal = chain.readout[:, [0, 1], [0, 1]]
    value = right * np.log(np.maximum(diagonal, _TINY)).sum()
    value += wrong * np.log(np.maximum(1 - diagonal, _TINY)).sum()
    value += few * np.log(max(chain.background, _TINY)) + many * np.log1p(-chain.background)
    value += sum(_PSEUDOCOUNT * np.log(np.maximum(t, _TINY)).sum() for t in chain.tensors)
    return float(value)


def _forward(chain: NoisyChain, rows: Bits) -> tuple[list[Floats], Floats]:
    """Messages after each site, every one summing to one, and the logarithms of their scales."""
    messages: list[Floats] = [np.ones((len(rows), 1))]
    scales = np.zeros(len(rows))
    for read, (zero, one) in _sites(chain, rows):
        last = messages[-1]
        message = np.where(read, last @ one, last @ zero)
        size = np.maximum(message.sum(axis=1, keepdims=True), _TINY)
        messages.append(message / size)
        scales += np.log(size[:, 0])
    # what is left of the last message is its own sum, 1
    return messages, scales


def _backward(
    chain: NoisyChain, rows: Bits, ahead: Sequence[Floats], weights: Floats
) -> list[Floats]:
    uses: list[Floats] = []
    later = np.ones((len(rows), 1))
    sites = list(_sites(chain, rows))
    for site in reversed(range(len(sites))):
        read, (zero, one) = sites[site]
        tensor, readout = chain.tensors[site], chain.readout[chain.order[site]]
        back = np.where(read, later @ one.T, later @ zero.T)
        share = weights / np.maximum((ahead[site] * back).sum(axis=1), _TINY)
        use = np.zeros((tensor.shape[0], 2, 2, tensor.shape[2]))
        for value in (0, 1):
            here = read[:, 0] == bool(value)
            pairs = (ahead[site][here] * share[here, None]).T @ later[here]
            use[:, :, value] = tensor * readout[value][None, :, None] * pairs[:, None, :]
        uses.append(use)
        later = back / np.maximum(back.max(axis=1, keepdims=True), _TINY)
    return uses[::-1]


def _sites(chain: NoisyChain, rows: Bits):  # type: ignore[no-untyped-def]
    """Each site's read bits ``(m, 1)``, and its transfer matrices for a read 0 and a read 1."""
    for bit, tensor in zip(chain.order, chain.tensors, strict=True):
        transfers = np.einsum("xy,ayb->xab", chain.readout[bit], tensor)
        yield rows[:, bit, None].astype(bool), transfers
