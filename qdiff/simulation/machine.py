"""`Machine`: what the choice of a way to simulate counts on."""

from __future__ import annotations

import os
from dataclasses import dataclass

from qdiff.memory import total_memory


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Cores that Aer may spread one simulation over, and bytes of memory.

    What the machine has, not what is free: the same seed must give the same shots.
    """

    cores: int
    memory: int

    @classmethod
    def this(cls, cores: int | None = None) -> Machine:
        """This one, with all its cores if not said."""
        return cls(cores=cores or os.cpu_count() or 1, memory=total_memory())


ANY = Machine(cores=1, memory=16 * 2**30)
"""What is counted on where several machines must choose alike: a core, and 16 GiB."""
