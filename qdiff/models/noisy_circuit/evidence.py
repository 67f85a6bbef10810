"""How probable the shots are under a whole model of noise, its parameters integrated out."""

from __future__ import annotations

import numpy as np

from qdiff.data.shots import Shots
from qdiff.models.noisy_circuit.history_laws import Dictionary
from qdiff.models.noisy_circuit.noise_likelihood import PriorConfig
from qdiff.models.noisy_circuit.noise_posterior import FittedPrior, sensitivities


def log_evidence(
    dictionary: Dictionary, shots: Shots, config: PriorConfig, fitted: FittedPrior
) -> float:
    """Laplace's approximation about the most probable parameters (MacKay, 1992).

    All parameters have unit normal priors, so with ``F`` the Fisher information of the shots the
    evidence is ``-objective - 1/2 log det(1 + F)``, up to what all models of the shots share.
    """
    slopes = sensitivities(dictionary, shots, config, fitted.values)
    information = (slopes * shots.counts) @ slopes.T
    return -fitted.objective - 0.5 * float(
        np.linalg.slogdet(np.eye(len(information)) + information)[1]
    )
