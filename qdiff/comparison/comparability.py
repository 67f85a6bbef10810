"""What can be compared with what: every reason to refuse, in one line each."""

from __future__ import annotations

from qdiff.comparison.relabelling import check_number
from qdiff.data.argument_checks import kind_of
from qdiff.data.data_checks import check_is_shots
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register
from qdiff.data.shots import Shots
from qdiff.errors import InputError


def check_data(candidate: object, reference: object, training: object) -> None:
    """Raise `InputError` for data of another kind, that do not fit the reference, or are empty."""
    if not isinstance(reference, Shots | Distribution):
        raise InputError(f"the reference must be a Distribution or Shots, got {kind_of(reference)}")
    if not isinstance(candidate, Shots | Distribution):
        raise InputError(
            f"the candidate must be Shots or a Distribution, got {kind_of(candidate)}; of a "
            "surrogate, pass model.distribution() or model.sample(shots, seed=seed)"
        )
    if isinstance(reference, Shots) and reference.num_shots == 0:
        raise InputError("the reference holds no shots")
    _check_fits(candidate, reference, "the candidate")
    if isinstance(candidate, Shots) and isinstance(reference, Shots):
        check_number(candidate, reference)
    if training is not None:
        _check_fits(check_is_shots(training, "training"), reference, "the training set")


def _check_fits(data: Shots | Distribution, reference: Shots | Distribution, name: str) -> None:
    if data.num_bits != reference.num_bits:
        raise InputError(f"{name} has {data.num_bits} bits, the reference {reference.num_bits}")
    if isinstance(data, Shots) and data.num_shots == 0:
        raise InputError(f"{name} holds no shots")
    ours, theirs = data.registers, reference.registers
    if _reordered(ours, theirs):
        raise InputError(
            f"{name} has the registers {_layout(ours)}, the reference {_layout(theirs)}"
        )


def _reordered(ours: tuple[Register, ...], theirs: tuple[Register, ...]) -> bool:
    """Whether registers contradict each other; one register over all bits says nothing."""
    if len(ours) == 1 or len(theirs) == 1:
        return False
    if [r.size for r in ours] != [r.size for r in theirs]:
        return True
    names, other_names = [r.name for r in ours], [r.name for r in theirs]
    return names != other_names and sorted(names) == sorted(other_names)


def _layout(registers: tuple[Register, ...]) -> str:
    return ", ".join(f"{register.name}[{register.size}]" for register in registers)
