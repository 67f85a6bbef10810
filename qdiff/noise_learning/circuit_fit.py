"""A circuit's fit that begins from what is known of the device: few shots then go far."""

from __future__ import annotations

import numpy as np
import torch

from qdiff.data.shots import Shots
from qdiff.models.noisy_circuit.fit import CircuitFit
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.program import Program
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.drawn_laws import DrawnLaws
from qdiff.noise_learning.joint_likelihood import JointLikelihood
from qdiff.noise_learning.likelihood import CircuitLikelihood, anchored
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prediction import read_law


def fit_known_noise(
    known: Posterior, program: Program, train: Shots, *, seed: np.random.SeedSequence, work: float
) -> CircuitFit:
    """The most probable law given `train` and all that was learned before.

    Errors are simulated once, with `work` gates times amplitudes; other shots only move the rates.
    """
    circuit = DeviceCircuit(program=program)
    drawn = DrawnLaws.without_errors(circuit, known.angles)
    drawn = drawn.with_histories(known, work, np.random.default_rng(seed))
    numbers = circuit.numbers(known.prior)
    drawn = anchored(drawn, CircuitLikelihood(drawn, train, numbers), known, work)

    def fitted(shots: Shots) -> CircuitLaw:
        own = CircuitLikelihood(drawn, shots, numbers)
        joint = JointLikelihood([own], known)
        now = joint.posterior(joint.most_probable(known))
        with torch.no_grad():
            values = torch.from_numpy(now.values(own.numbers))
            before = own.before_readout(values).numpy().clip(min=0)
        return read_law(circuit, before / before.sum(), now)

    record = {
        "circuit": program.name,
        "circuit_hash": program.fingerprint,
        "steps": [],
        "histories": len(drawn.dictionary.laws),
        "noise": "learned before from other shots, and corrected by these",
    }
    return CircuitFit(law=fitted(train), record=record, _refit=fitted)
