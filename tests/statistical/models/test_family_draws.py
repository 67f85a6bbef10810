"""A family's model: draws at a point against its own law there."""

from __future__ import annotations

import numpy as np
from chi_square import FALSE_ALARM, biased, p_value
from untrained_networks import seeded, stir

from qdiff import FamilySurrogate, Register, Shots
from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.families.family_surrogate import Member
from qdiff.models.families.parameter_box import Box

BITS = 5


def test_draws_follow_the_law_at_their_values() -> None:
    """From the table and from the prefix trees, with power against a bias of 2 %."""
    box = Box.around(("a",), np.array([[0.0], [1.0]]), np.array([0.1, 1.0]))
    own = np.arange(BITS)
    members = []
    for seed in (1, 2):
        network = ConditionalRecurrentNetwork.initialised(
            BITS, box.num_features, hidden=8, width=6, generator=seeded(seed)
        )
        stir(network, 0.5, seeded(seed)).requires_grad_(False)
        orders, shares = np.stack([own, own[::-1]]), np.array([0.3, 0.7])
        members.append(Member(network=network, orders=orders, shares=shares))
    family = FamilySurrogate(box=box, members=members, registers=(Register("c", BITS),), card={})
    model = family.at({"a": 0.4}, strength=0.5)
    law = model.distribution()
    assert p_value(model.sample(200_000, seed=1), law) > FALSE_ALARM
    assert p_value(model.sample(200_000, seed=1), biased(law)) < FALSE_ALARM
    words, counts = model.parts["diffusion"].draw(200_000, np.random.default_rng(2))
    assert p_value(Shots.from_words(words, counts, registers=law.registers), law) > FALSE_ALARM
    elsewhere = family.at({"a": 0.9}, strength=0.5)
    assert p_value(elsewhere.sample(200_000, seed=1), law) < FALSE_ALARM
