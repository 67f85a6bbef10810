"""The command line: parses, calls, prints. Everything it does can be done from Python.

`commands` has the commands, `comparing` that of the comparison, `files` those about other programs'
files, `readout` those about readout errors, `scoring` the drift test, `options` what they share,
`console` what they print, `descriptions` what `inspect` says of a file, `interrupts` what Ctrl-C
does; `main` here runs them.
"""

from __future__ import annotations

import sys

import typer

from qdiff.cli import console, interrupts
from qdiff.cli.commands import app
from qdiff.errors import InputError

__all__ = ["app", "main"]

_NO_MEMORY = "out of memory; use fewer shots, a smaller circuit, or --device cpu"

# the base of every mistake in the use of options; older versions of typer keep it in click
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Run the command line. A user's mistake is one line and exit code 2; Ctrl-C is 130."""
    interrupts.listen()
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        console.fail(str(error), 2)
    except _UsageError as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        console.fail(f"{message} (see --help)", 2)
    except typer.Abort:
        console.fail("aborted", 130)
    except MemoryError:
        console.fail(_NO_MEMORY, 2)
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's, without importing torch
            raise
        console.fail(_NO_MEMORY, 2)
    except KeyboardInterrupt:
        code = 130
    if code == 130:
        interrupts.settle()
        console.fail("interrupted; results already written are kept", 130)
    sys.exit(code if isinstance(code, int) else 0)
