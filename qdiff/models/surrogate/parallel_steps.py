"""A surrogate whose diffusion part is decoded several bits at a time, and what that costs.

The parts that are no masked diffusion model stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.entropy_profile import EntropyProfile, entropy_profile
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.laws.law import Law
from qdiff.models.laws.mixture import Mixture, members, posterior_weights
from qdiff.models.laws.table import TableLaw
from qdiff.models.surrogate.part import Part, Parts, Weights

_PROFILE_ROWS = 2000
"""Strings that the penalty of parallel decoding is measured on."""


def masked_ensembles(parts: Parts) -> list[OrderEnsemble]:
    """The masked diffusion part, one ensemble a fold.

    Raises `InputError` for a surrogate that has none.
    """
    laws = members(parts[Part.DIFFUSION]) if Part.DIFFUSION in parts else ()
    ensembles = [law for law in laws if isinstance(law, OrderEnsemble)]
    if not ensembles:
        raise InputError("this surrogate has no masked diffusion model to decode in steps")
    if not all(ensemble.any_order for ensemble in ensembles):
        raise InputError(
            "this surrogate's network reads along its chain of bits only; to decode in steps or "
            "random order, fit with any_order=True (--any-order), or a family of over 22 bits"
        )
    return ensembles


def measured_profiles(parts: Parts, given: Mapping[int, int]) -> list[EntropyProfile]:
    """How well each network knows the next bit, on strings drawn from it under what is given."""
    profiles = []
    for ensemble in masked_ensembles(parts):
        generator = np.random.default_rng(0)
        law = ensemble.condition(given)[1] if given else ensemble
        words, counts = law.draw(_PROFILE_ROWS, generator)
        rows = bitorder.unpack(np.repeat(words, counts, axis=0), ensemble.num_bits)
        profiles.append(entropy_profile(ensemble.network, rows, generator, given=given.keys()))
    return profiles


def mean_penalty(
    profiles: Sequence[EntropyProfile], schedule: UnmaskingSchedule
) -> tuple[float, float]:
    """The penalty of decoding by `schedule` and its standard error in nats, mean over networks."""
    penalties, errors = np.array([profile.penalty(schedule) for profile in profiles]).T
    return float(penalties.mean()), float(np.sqrt(np.square(errors).sum()) / len(errors))


def mixture_in_steps(
    parts: Parts, weights: Weights, steps: int, given: Mapping[int, int], *, tabulated: bool
) -> tuple[float, float, Mixture[Law]]:
    """The mixture with its diffusion part decoded in `steps` parallel steps.

    Returns the log-probability of what is given, the weight of the diffusion part, and the law.
    The diffusion part decodes the given bits first, one at a time, so that their probability under
    it is known exactly; that of a decoder which comes upon them at random could only be estimated.
    The other parts are conditioned exactly, the recurrent one through a table where there is one
    (`tabulated`), and else it is left out.
    """
    laws: dict[Part, Law] = {}
    log_probs = []
    for part, law in parts.items():
        if part is Part.RECURRENT and given:
            if not tabulated:
                continue
            law = TableLaw.of(law.table())
        log_prob, laws[part] = law.condition(given) if given else (0.0, law)
        log_probs.append(log_prob)
    laws[Part.DIFFUSION] = _diffusion_in_steps(masked_ensembles(parts), steps, given)
    total, posterior = posterior_weights([weights[part] for part in laws], log_probs)
    share = dict(zip(laws, posterior.tolist(), strict=True))[Part.DIFFUSION]
    return total, share, Mixture([*laws.values()], posterior.tolist())


def _diffusion_in_steps(
    ensembles: Sequence[OrderEnsemble], steps: int, given: Mapping[int, int]
) -> Mixture[ParallelDecoder]:
    found = [ensemble.condition(given)[0] if given else 0.0 for ensemble in ensembles]
    _, posterior = posterior_weights([1 / len(ensembles)] * len(ensembles), found)
    decoders = [ParallelDecoder(ensemble.network, steps, given) for ensemble in ensembles]
    return Mixture(decoders, posterior.tolist())
