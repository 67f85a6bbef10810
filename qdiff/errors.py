"""What qdiff raises and warns: a front end can tell a user's mistake from a bug."""

from __future__ import annotations


class InputError(ValueError):
    """Something the caller gave cannot be used.

    The message is one line that says what was wrong, what was got, and how to mend it. The
    command line prints it and exits with code 2; any other exception there is a bug.
    """


class NoiseWarning(UserWarning):
    """A circuit holds instructions that the noise specification leaves ideal."""


class StoreWarning(UserWarning):
    """A file of a store of shots is damaged, and what it held is drawn again."""


class MatchWarning(UserWarning):
    """A circuit is taken for one that a surrogate stands for, though its noise may differ."""
