"""The command line: parses, calls, prints. Everything it does can be done from Python.

Each command is a module of its name; `options` has the options that several of them share,
`option_texts` reads what is written in one, `results` saves and sums up what a command made,
`console` prints, `interrupts` is what Ctrl-C does; `pipeline` is the whole job.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

from qdiff.cli import console, interrupts, standard_output
from qdiff.cli.calibrate import calibrate
from qdiff.cli.compare import compare
from qdiff.cli.convert import convert
from qdiff.cli.exact import exact
from qdiff.cli.fit import fit
from qdiff.cli.inspect import inspect
from qdiff.cli.learn_noise import learn_noise
from qdiff.cli.mitigate import mitigate
from qdiff.cli.predict import predict
from qdiff.cli.run import run
from qdiff.cli.sample import sample
from qdiff.cli.score import score
from qdiff.cli.serve import serve
from qdiff.cli.simulate import simulate
from qdiff.cli.store import store
from qdiff.cli.sweep import sweep
from qdiff.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=console.print_version, is_eager=True, help="Say which."),
    ] = False,
) -> None:
    """A generative sampler for noisy quantum-circuit outcomes."""


COMMANDS = (
    *(run, simulate, exact, fit, sample, compare, learn_noise, predict),
    *(inspect, convert, calibrate, mitigate, score, serve, store, sweep),
)
"""In the order of ``qdiff --help``."""

for _command in COMMANDS:
    app.command()(_command)

_NO_MEMORY = "out of memory; use fewer shots, a smaller circuit, or --device cpu"

# the base of every mistake in the use of options; older versions of typer keep it in click
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Run the command line. A user's mistake is one line and exit code 2; Ctrl-C is 130."""
    noting = standard_output.prepare()
    interrupts.listen()
    warnings.showwarning = console.show_warning  # type: ignore[assignment]
    try:
        code = app(standalone_mode=False)
    except SystemExit as ended:  # a library's answer to a pipe without a reader
        code = ended.code
    except OSError:
        if noting is None or noting.failure is None:
            raise
        code = 2
    except InputError as error:
        console.fail(str(error), 2)
    except _UsageError as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        if not message:  # the help was asked for by saying nothing, and is there
            sys.exit(2)
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
    sys.exit(standard_output.finished(noting, code if isinstance(code, int) else 0))
