"""Every public function, every argument, everything that people hand over by mistake."""

from __future__ import annotations

import pytest
from wrong_arguments import (
    IN_WORDS,
    MADE_BY_QDIFF,
    WRONG,
    arguments_of,
    call,
    public_callables,
    rows,
)

from qdiff import InputError

CALLABLES = dict(public_callables())


def test_every_public_argument_has_a_row() -> None:
    """A new one fails here until it is told what it takes."""
    with_arguments = {
        name: arguments_of(called)
        for name, called in CALLABLES.items()
        if name not in MADE_BY_QDIFF and arguments_of(called)
    }
    assert sorted(rows()) == sorted(with_arguments)
    for name, arguments in with_arguments.items():
        assert {*arguments} <= {*rows()[name]}, name


@pytest.mark.parametrize("name", rows())
def test_what_is_wrong_is_refused_in_one_line_that_names_it(name, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    row, missed = rows()[name], []
    for argument, arg in row.items():
        for wrong in WRONG:
            if wrong in arg.takes.split():
                continue
            try:
                call(CALLABLES[name], row, **{argument: WRONG[wrong]})
            except InputError as error:
                said = str(error)
                words = {argument, argument.rstrip("s"), argument.replace("_", " ")}
                named = any(
                    word in said for word in words | {*IN_WORDS.get(argument, argument).split("|")}
                )
                if "\n" in said or len(said) > 400 or not named:
                    missed.append(f"{argument}={wrong}: {error}")
            except Exception as error:
                missed.append(f"{argument}={wrong}: {type(error).__name__}: {str(error)[:60]}")
            else:
                missed.append(f"{argument}={wrong} was taken")
    assert not missed, "\n".join(missed)
