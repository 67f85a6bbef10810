"""What may be asked: the bodies of requests, of which the OpenAPI schema is made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_BitName = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,4})$")]
_Value = Annotated[int, Field(ge=0, le=1)]
_Bit = Annotated[int, Field(ge=0, lt=100_000)]

Given = Annotated[
    dict[_BitName, _Value],
    Field(description="Values that some bits have, by bit.", examples=[{"0": 1}]),
]
Shots = Annotated[int, Field(ge=1, lt=2**62, description="How many; the service has a limit.")]
Seed = Annotated[
    int | None,
    Field(ge=0, lt=2**63, description="The same seed, the same answer; the service draws one."),
]
Form = Literal["counts", "01", "b8"]


class Question(BaseModel):
    """Nothing is converted, and nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    given: Given = {}

    @property
    def known(self) -> dict[int, int]:
        """What is given, as `Surrogate` takes it."""
        return {int(bit): value for bit, value in self.given.items()}


class SampleQuestion(Question):
    """New shots."""

    shots: Shots = 1000
    seed: Seed = None
    order: Annotated[
        Literal["fixed", "random"], Field(description="fixed is exact; random is slower.")
    ] = "fixed"
    steps: Annotated[
        int | None, Field(ge=1, lt=100_000, description="Decode in so many parallel steps.")
    ] = None
    format: Annotated[
        Form,
        Field(description="Counts as JSON, or Stim's 01 (a line a shot) or b8 (packed bits)."),
    ] = "counts"


class LogProbQuestion(Question):
    """Exact log-probabilities of strings."""

    strings: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[01 ]+$")]],
        Field(min_length=1, description="Qiskit's keys: bit 0 rightmost; spaces may be left out."),
    ]


class MarginalQuestion(Question):
    """The law of some bits."""

    bits: Annotated[list[_Bit], Field(min_length=1, max_length=16)]
    shots: Shots = 10_000
    seed: Seed = None


class OverviewQuestion(Question):
    """Every bit, and the likeliest strings."""

    shots: Shots = 10_000
    seed: Seed = None
    top: Annotated[int, Field(ge=1, le=1000)] = 16
