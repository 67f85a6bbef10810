"""What a user would fit instead of a diffusion model.

Every baseline is a small configuration with ``fit(shots) -> FittedBaseline``, which gives
log-probabilities, samples and, for few bits, the whole table:

>>> from qdiff.data.shots import Shots
>>> from qdiff.models.baselines.chow_liu import ChowLiuTree
>>> model = ChowLiuTree().fit(Shots.from_bits([[0, 0], [1, 1]], [5, 5]))
>>> model.distribution().probabilities.round(3).tolist()
[0.458, 0.042, 0.042, 0.458]

None but `KnownTable` needs a table of ``2^n`` entries, so all others work at 200 bits.

`KnownTable` is for what was computed rather than fitted. Where the circuit and its noise are known
and small, `qdiff.trajectories` averages simulated noise trajectories into such a table: the
strongest classical competitor up to some 20 qubits, and the one to beat.
"""
