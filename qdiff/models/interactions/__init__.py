r"""A log-linear law of interactions with an empirical-Bayes prior: what few shots can support.

Any positive law over ``n`` bits is ``log q(x) = sum_S h_S (-1)^{sum_{i in S} x_i} - log Z`` with
one coefficient ``h_S`` for each set ``S`` of bits (the Walsh-Hadamard transform of the log-law).
Noise and locality make most of them small, so each gets a Gaussian prior ``h_S ~ N(0, t_S^2)``
whose variances are learned from the same shots by evidence maximisation (MacKay, Neural
Computation 4, 415 (1992); Tipping, JMLR 1, 211 (2001)).

| module | its one idea |
|---|---|
| `walsh` | the transform between coefficients and log-probabilities |
| `posterior` | the most probable coefficients under given prior variances |
| `structure` | which sets of bits are likely to interact, given what is known of others |
| `prior_variances` | prior variances as a log-linear function of that structure |
| `fit` | the loop over the two |
"""
