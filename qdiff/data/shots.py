"""`Shots`: what a quantum computer, a simulator or a surrogate returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdiff.data import bits as bitorder
from qdiff.data import count_keys, storage
from qdiff.data.argument_checks import (
    check_bits,
    check_flag,
    check_is,
    check_mapping,
    check_number,
    check_whole,
    generator_of,
)
from qdiff.data.bits import Bits, Counts, Words
from qdiff.data.counts import MAX_COUNT, as_counts
from qdiff.data.registers import (
    Register,
    check_registers,
    default_registers,
    registers_in,
    registers_to_json,
    width_of,
)
from qdiff.data.strings_shown import Likeliest, ShowsStrings
from qdiff.data.without_replacement import draw_without_replacement
from qdiff.errors import InputError
from qdiff.plotting.palette import Role

Seed = int | np.random.SeedSequence | np.random.Generator | None
"""Whatever `numpy.random.default_rng` takes. The same seed gives the same bits."""

Provenance = Mapping[str, Any]
"""Where data came from, as JSON: circuit hash, noise, method, seed, versions."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Shots(ShowsStrings):
    """Measured bitstrings as distinct rows with counts; the order of shots is not kept.

    Column ``j`` of `bits` is classical bit ``j`` (Qiskit's ``circuit.clbits[j]``). Rows are packed
    to one bit a bit, so 1e7 distinct shots of 64 bits take 160 MB. Build one with `from_counts`
    or `from_bits`; the fields below are the canonical form that both produce.

    Attributes
    ----------
    words
        ``(m, ceil(n / 64)) uint64``, distinct and sorted by index (see `qdiff.data.bits`).
    counts
        ``(m,) int64``, all positive.
    registers
        The classical registers, bit 0's first; their sizes add up to ``n``.
    provenance
        Where the shots came from, as JSON.

    >>> shots = Shots.from_counts({"00": 3, "01": 1})
    >>> shots.bits.tolist(), shots.counts.tolist()
    ([[0, 0], [1, 0]], [3, 1])
    """

    role: ClassVar[Role] = Role.RAW
    quantity: ClassVar[str] = "share of shots"

    words: Words
    counts: Counts
    registers: tuple[Register, ...]
    provenance: Provenance = field(default_factory=dict)

    def __post_init__(self) -> None:
        words, counts = (
            check_is(getattr(self, name), np.ndarray, name) for name in ("words", "counts")
        )
        object.__setattr__(self, "registers", check_registers(self.registers))
        check_mapping(self.provenance, "provenance")
        if words.dtype != np.uint64 or words.ndim != 2 or counts.dtype != np.int64:
            raise InputError("shots need uint64 words of shape (m, words) and int64 counts")
        if words.shape != (len(counts), bitorder.num_words(self.num_bits)) or counts.ndim != 1:
            raise InputError(
                f"{words.shape} words do not fit {counts.shape} counts of {self.num_bits} bits"
            )
        if len(counts) and (counts.min() < 1 or counts.max() > MAX_COUNT):
            raise InputError("counts must be positive whole numbers")
        if counts.sum(dtype=np.float64) > MAX_COUNT:  # as int64 the sum could overflow unseen
            raise InputError("counts must not add up to more than 2**62")
        spare = -self.num_bits % bitorder.WORD_BITS
        if len(words) and spare and (words[:, -1] >> np.uint64(bitorder.WORD_BITS - spare)).any():
            raise InputError(f"a row has bits beyond its {self.num_bits}")
        if not bitorder.is_canonical(words):
            raise InputError("rows must be distinct and sorted; build shots with from_bits")
        words.flags.writeable = False
        counts.flags.writeable = False

    @classmethod
    def from_bits(
        cls,
        bits: ArrayLike,
        counts: ArrayLike | None = None,
        *,
        registers: Sequence[Register] | None = None,
        provenance: Provenance | None = None,
    ) -> Shots:
        """Build from rows ``(m, n)`` of 0 and 1, each seen once or `counts` times.

        Raises `InputError` for other entries, negative counts, or registers of another size.
        """
        rows = bitorder.as_bits(bits)
        times = np.ones(len(rows), np.int64) if counts is None else counts
        check_whole(rows.shape[1], "the number of bits")
        named = default_registers([rows.shape[1]]) if registers is None else registers
        if width_of(check_registers(named)) != rows.shape[1]:
            raise InputError(f"the registers' sizes do not add up to {rows.shape[1]} bits")
        return cls.from_words(bitorder.pack(rows), times, registers=named, provenance=provenance)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int] | Mapping[int, int],
        *,
        num_bits: int | None = None,
        registers: Sequence[Register] | None = None,
        provenance: Provenance | None = None,
    ) -> Shots:
        """Build from Qiskit counts: keys binary (``"01 1"``), hexadecimal (``"0x1f"``) or integers.

        `num_bits` or `registers` is needed for hexadecimal and integer keys, whose width cannot be
        seen. Registers default to those that the spaces show, named ``c0, c1, ...`` (``c`` if one).

        Raises `InputError` for keys of mixed length or style and for counts that are not whole
        and non-negative (a quasi-distribution, say).

        >>> Shots.from_counts({"0x2": 5}, num_bits=2).to_counts()
        {'10': 5}
        """
        keys = list(check_mapping(counts, "counts"))
        if not keys:
            raise InputError("there are no counts")
        if num_bits is not None:
            num_bits = check_whole(num_bits, "num_bits", most=count_keys.MAX_BITS)
        if registers is not None:
            num_bits = width_of(check_registers(registers))
        words, sizes = count_keys.parse(keys, num_bits)
        if num_bits is not None and sum(sizes) != num_bits:
            raise InputError(f"count keys have {sum(sizes)} bits, expected {num_bits}")
        named = default_registers(sizes) if registers is None else registers
        times = list(counts.values())
        return cls.from_words(words, times, registers=named, provenance=provenance)

    @classmethod
    def from_indices(
        cls,
        indices: ArrayLike,
        counts: ArrayLike,
        *,
        registers: Sequence[Register],
        provenance: Provenance | None = None,
    ) -> Shots:
        """Build from outcomes ``sum_j x_j 2^j`` (at most 62 bits) and how often each was seen."""
        words = bitorder.from_indices(indices)
        return cls.from_words(words, counts, registers=registers, provenance=provenance)

    @classmethod
    def from_words(
        cls,
        words: Words,
        counts: ArrayLike,
        *,
        registers: Sequence[Register],
        provenance: Provenance | None = None,
    ) -> Shots:
        """Build from packed rows (see `qdiff.data.bits`) in any order, equal ones allowed."""
        times, named = as_counts(counts), check_registers(registers)
        if check_is(words, np.ndarray, "words").shape[:1] != times.shape:
            raise InputError(f"words of shape {words.shape}, but {len(times)} counts")
        if words.dtype != np.uint64 or words.ndim != 2 or not words.shape[1]:
            raise InputError("words must be uint64 of shape (m, words); from_bits packs them")
        notes = {} if provenance is None else check_mapping(provenance, "provenance")
        words, times = bitorder.aggregate(words, times)
        return cls(words=words, counts=times, registers=named, provenance=dict(notes))

    @property
    def num_bits(self) -> int:
        return width_of(self.registers)

    @property
    def num_shots(self) -> int:
        return int(self.counts.sum())

    @property
    def bits(self) -> Bits:
        """The distinct rows, ``(m, n) uint8``, unpacked at each call."""
        return bitorder.unpack(self.words, self.num_bits)

    @property
    def indices(self) -> NDArray[np.int64]:
        """The distinct rows as ``sum_j x_j 2^j``, ``(m,) int64``, ascending; at most 62 bits."""
        return bitorder.to_indices(self.words, self.num_bits)

    def to_counts(self, *, hex: bool = False) -> dict[str, int]:
        """Qiskit counts: ``{'01 110': 7}``, or ``{'0xe': 7}`` with `hex`.

        >>> Shots.from_bits([[1, 0, 0]]).to_counts()
        {'001': 1}
        """
        keys = (
            count_keys.format_hex(self.words, self.num_bits)
            if check_flag(hex, "hex")
            else count_keys.format_keys(self.words, self.registers)
        )
        return dict(zip(keys, self.counts.tolist(), strict=True))

    def to_records(self) -> list[dict[str, Any]]:
        """A record a distinct string: ``string``, as Qiskit writes it, ``count`` and ``share``."""
        total, counts = self.num_shots, self.to_counts()
        return [{"string": key, "count": n, "share": n / total} for key, n in counts.items()]

    def likeliest(self, count: int) -> Likeliest:
        """The strings that were seen most often, at most `count`, their shares and errors."""
        places = np.argsort(-self.counts, kind="stable")[: check_whole(count, "count")]
        share = self.counts[places] / self.num_shots if len(places) else np.zeros(0)
        error = np.sqrt(share * (1 - share) / max(self.num_shots, 1))
        return self.words[places], share, error

    def split(self, fraction: float, *, seed: Seed) -> tuple[Shots, Shots]:
        """Part the shots at random, without replacement, into `fraction` of them and the rest."""
        size = round(check_number(fraction, "fraction", most=1) * self.num_shots)
        first = draw_without_replacement(self.counts, size, generator_of(seed))
        return self._with_counts(first), self._with_counts(self.counts - first)

    def merge(self, *others: Shots) -> Shots:
        """Pool shots of the same registers. The provenance of the pool lists its parts."""
        for other in others:
            if check_is(other, Shots, "each of others").registers != self.registers:
                raise InputError(
                    f"cannot merge shots of registers {self.registers} and {other.registers}"
                )
        parts = (self, *others)
        return Shots.from_words(
            np.concatenate([part.words for part in parts]),
            np.concatenate([part.counts for part in parts]),
            registers=self.registers,
            provenance={"merged": [dict(part.provenance) for part in parts]},
        )

    def select(self, positions: Sequence[int]) -> Shots:
        """Marginal shots of the classical bits at `positions`, in that order, as one register."""
        kept = check_bits(positions, self.num_bits, "positions")
        return Shots.from_bits(self.bits[:, kept], self.counts, provenance=self.provenance)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file. An existing `path` is refused unless `force`."""
        storage.write(
            path,
            storage.Kind.SHOTS,
            {"words": self.words, "counts": self.counts},
            {"registers": registers_to_json(self.registers), "provenance": dict(self.provenance)},
            force=force,
        )

    @classmethod
    def load(cls, path: str | Path) -> Shots:
        """Read what `save` wrote. Raises `InputError` for any other or damaged file."""
        content = storage.read(path, storage.Kind.SHOTS)
        registers, provenance = registers_in(content), content.json_object("provenance")
        words = content.array("words", np.uint64, ndim=2)
        counts = content.array("counts", np.int64, ndim=1)
        with content.blamed("shots"):
            return cls(words=words, counts=counts, registers=registers, provenance=provenance)

    def _with_counts(self, counts: Counts) -> Shots:
        kept = counts > 0
        return replace(self, words=self.words[kept], counts=counts[kept])

    def __eq__(self, other: object) -> bool:
        """Equal data: the same registers, strings and counts, wherever they came from."""
        if not isinstance(other, Shots):
            return NotImplemented
        return (
            self.registers == other.registers
            and np.array_equal(self.words, other.words)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"Shots(num_bits={self.num_bits}, num_shots={self.num_shots}, "
            f"distinct={len(self.counts)})"
        )
