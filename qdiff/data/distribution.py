"""`Distribution`: the probability of every bitstring of a circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdiff.data import bits as bitorder
from qdiff.data import count_keys, storage
from qdiff.data.argument_checks import (
    check_bits,
    check_is,
    check_mapping,
    check_number,
    check_numbers,
    check_whole,
    generator_of,
)
from qdiff.data.registers import (
    Register,
    check_registers,
    default_registers,
    registers_in,
    registers_to_json,
    width_of,
)
from qdiff.data.shots import Provenance, Seed, Shots
from qdiff.data.strings_shown import Likeliest, ShowsStrings
from qdiff.errors import InputError
from qdiff.plotting.palette import Role

_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Distribution(ShowsStrings):
    """Probabilities of all ``2^n`` outcomes of ``n`` classical bits.

    Attributes
    ----------
    probabilities
        ``(2^n,) float64``, indexed by ``sum_j x_j 2^j``, finite, not negative, summing to one.
    registers
        The classical registers, bit 0's first; one register ``c`` when not given.
    standard_error
        ``(2^n,) float64`` when the probabilities are estimates (a trajectory average), else None.
    provenance
        How they were got, as JSON.

    >>> bell = Distribution(probabilities=np.array([0.5, 0, 0, 0.5]))
    >>> bell.num_bits, bell.log_prob([[0, 0]]).round(4).tolist()
    (2, [-0.6931])
    """

    role: ClassVar[Role] = Role.REFERENCE
    quantity: ClassVar[str] = "probability"

    probabilities: NDArray[np.float64]
    registers: tuple[Register, ...] = ()
    standard_error: NDArray[np.float64] | None = None
    provenance: Provenance = field(default_factory=dict)

    def __post_init__(self) -> None:
        table = check_numbers(self.probabilities, "probabilities")
        if table.ndim != 1 or len(table) < 2 or len(table) & (len(table) - 1):
            raise InputError(f"a distribution needs 2^n probabilities, got shape {table.shape}")
        if table.min() < 0:
            raise InputError(f"probabilities must not be negative, got {table.min():g}")
        if abs(table.sum() - 1) > _SUM_TOLERANCE:
            raise InputError(f"probabilities must sum to 1, got {table.sum():.6g}")
        num_bits = len(table).bit_length() - 1
        unnamed = isinstance(self.registers, tuple | list) and not self.registers
        registers = default_registers([num_bits]) if unnamed else check_registers(self.registers)
        if width_of(registers) != num_bits:
            raise InputError(f"registers {registers} do not fit {len(table)} probabilities")
        check_mapping(self.provenance, "provenance")
        if self.standard_error is not None:
            error = check_numbers(self.standard_error, "standard_error", shape=table.shape)
            if error.min() < 0:
                raise InputError(f"standard_error must not be negative, got {error.min():g}")
            object.__setattr__(self, "standard_error", error)
        table = table.view()
        table.flags.writeable = False
        object.__setattr__(self, "probabilities", table)
        object.__setattr__(self, "registers", tuple(registers))

    @classmethod
    def from_shots(cls, shots: Shots, *, pseudocount: float = 0.0) -> Distribution:
        """The histogram of `shots`, every one of the ``2^n`` counts raised by `pseudocount`.

        One half is the Jeffreys (Krichevsky-Trofimov) choice; it keeps KL divergences finite.
        """
        pseudocount = check_number(pseudocount, "pseudocount")
        if check_is(shots, Shots, "shots").num_shots == 0:
            raise InputError("there are no shots")
        check_table(shots.num_bits)
        table = np.full(1 << shots.num_bits, pseudocount)
        table[shots.indices] += shots.counts
        return cls(probabilities=table / table.sum(), registers=shots.registers)

    @property
    def num_bits(self) -> int:
        return len(self.probabilities).bit_length() - 1

    def sample(self, shots: int, *, seed: Seed) -> Shots:
        """Draw shots: the perfect sampler, every other one's floor."""
        shots = check_whole(shots, "shots", least=0)
        counts = draw_counts(self.probabilities, shots, generator_of(seed))
        seen = np.flatnonzero(counts)
        return Shots.from_indices(seen, counts[seen], registers=self.registers)

    def log_prob(self, bits: ArrayLike) -> NDArray[np.float64]:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``; -inf for zero."""
        rows = bitorder.as_bits(bits, self.num_bits)
        index = bitorder.to_indices(bitorder.pack(rows), self.num_bits)
        with np.errstate(divide="ignore"):
            return np.log(self.probabilities[index])

    def marginal(self, positions: Sequence[int]) -> Distribution:
        """The law of the classical bits at `positions`, in that order."""
        kept = check_bits(positions, self.num_bits, "positions")
        table = marginal_table(self.probabilities, kept)
        return Distribution(probabilities=table, provenance=self.provenance)

    def to_records(self) -> list[dict[str, Any]]:
        """A record a string, ``2^n`` of them: ``string``, ``probability``, and ``standard_error``
        where the probabilities are estimates."""
        words = bitorder.from_indices(np.arange(len(self.probabilities)))
        columns = {"probability": self.probabilities}
        if self.standard_error is not None:
            columns["standard_error"] = self.standard_error
        numbers = zip(*(column.tolist() for column in columns.values()), strict=True)
        keys = count_keys.format_keys(words, self.registers)
        return [
            {"string": key, **dict(zip(columns, each, strict=True))}
            for key, each in zip(keys, numbers, strict=True)
        ]

    def likeliest(self, count: int) -> Likeliest:
        """The likeliest strings, at most `count`, their probabilities and standard errors."""
        table = self.probabilities
        count = min(check_whole(count, "count"), len(table))
        top = np.argpartition(table, -count)[-count:]
        order = top[np.lexsort((top, -table[top]))]
        error = self.standard_error
        return bitorder.from_indices(order), table[order], None if error is None else error[order]

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file. An existing `path` is refused unless `force`."""
        tensors = {"probabilities": self.probabilities}
        if self.standard_error is not None:
            tensors["standard_error"] = self.standard_error
        metadata = {
            "registers": registers_to_json(self.registers),
            "provenance": dict(self.provenance),
        }
        storage.write(path, storage.Kind.DISTRIBUTION, tensors, metadata, force=force)

    @classmethod
    def load(cls, path: str | Path) -> Distribution:
        """Read what `save` wrote. Raises `InputError` for any other or damaged file."""
        content = storage.read(path, storage.Kind.DISTRIBUTION)
        error = (
            content.array("standard_error", np.float64, ndim=1)
            if "standard_error" in content.tensors
            else None
        )
        table = content.array("probabilities", np.float64, ndim=1)
        registers, provenance = registers_in(content), content.json_object("provenance")
        with content.blamed("table"):
            return cls(
                probabilities=table,
                registers=registers,
                standard_error=error,
                provenance=provenance,
            )

    def __repr__(self) -> str:
        return f"Distribution(num_bits={self.num_bits}, exact={self.standard_error is None})"


MAX_TABLE_BITS = 28


def check_table(num_bits: int) -> None:
    """Raise `InputError` when a table of ``2^n`` float64 is out of reach."""
    if num_bits > MAX_TABLE_BITS:
        gigabytes = 8 * 2.0**num_bits / 2**30
        raise InputError(
            f"a table of 2^{num_bits} probabilities would need {gigabytes:,.0f} GiB; "
            f"the limit is {MAX_TABLE_BITS} bits"
        )


def marginal_table(table: NDArray[np.float64], bits: Sequence[int]) -> NDArray[np.float64]:
    """Sum a table over all bits but `bits`; the result is indexed in their order."""
    num_bits = len(table).bit_length() - 1
    # numpy's first axis is the last bit
    axes = [num_bits - 1 - bit for bit in reversed(bits)]
    rest = [axis for axis in range(num_bits) if axis not in axes]
    cube = table.reshape((2,) * num_bits).transpose(*axes, *rest)
    return np.asarray(cube.reshape(1 << len(bits), -1).sum(axis=1))


def draw_counts(
    probabilities: NDArray[np.float64], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Multinomial counts of `shots` draws from a table, ``(K,) -> (K,) int64``.

    Few shots over a large table are drawn by searching the cumulative sum, many by the
    conditional binomials of `numpy.random.Generator.multinomial`.
    """
    if shots >= len(probabilities) // 4:
        return generator.multinomial(shots, probabilities / probabilities.sum())
    cumulative = np.cumsum(probabilities)
    drawn = np.searchsorted(cumulative, generator.random(shots) * cumulative[-1], side="right")
    last = len(probabilities) - 1
    return np.bincount(np.minimum(drawn, last), minlength=len(probabilities))
