"""What all benchmarks share: a command line, cells measured side by side, and rows that are kept.

A script says what is special about its question: its cells, what is measured in one of them, and
the settings that hold for all. A run that was stopped goes on where it was.

    def main() -> None:
        options = frame.arguments(__doc__).parse_args()
        cells = frame.grid(seed=options.seeds, circuit=CIRCUITS)
        frame.collect("name", cells, measure, options, {"noise": NOISE})
"""

from __future__ import annotations

import itertools
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from costs import Seconds, timed_cell
from record import RESULTS, Row, environment, read, same_code, write

from qdiff.executors.completed import completed
from qdiff.executors.local_processes import LocalProcesses

Measure = Callable[[Row], Row | list[Row]]
"""From a cell to its row, or rows, without the cell's own entries."""

Task = tuple[Row, Measure, Row]
"""A cell, and what is to be called with what."""


def arguments(
    about: str, *, seeds: int | None = 3, workers: int = 1, refit: bool = False
) -> ArgumentParser:
    """What all benchmarks take on their command lines; `about` begins with the question."""
    question = about.splitlines()[0]
    parser = ArgumentParser(description=question)
    parser.set_defaults(question=question)
    if seeds is not None:
        parser.add_argument("--seeds", type=first, default=str(seeds), help="how many, from 1 on")
    parser.add_argument("--workers", type=int, default=workers, help="cells measured at a time")
    parser.add_argument("--fresh", action="store_true", help="measure again what is recorded")
    parser.add_argument(
        "--renew",
        action="store_true",
        help="measure again what other code of qdiff was measured by",
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="KEY=VALUE", help="such cells, as shots=10000"
    )
    if refit:
        parser.add_argument(
            "--refit", action="store_true", help="fit surrogates of earlier revisions' rows anew"
        )
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder of the JSON")
    return parser


def first(number: str) -> range:
    """So many numbers from 1 on."""
    return range(1, int(number) + 1)


def grid(**values: Iterable[Any]) -> list[Row]:
    """A cell for each choice of one value under every key; those of the last key change fastest."""
    return [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]


def chosen(cells: Iterable[Row], only: Sequence[str]) -> list[Row]:
    """The cells that have one of the values asked for under every key that is named."""
    wanted: dict[str, set[str]] = {}
    for text in only:
        key, _, value = text.partition("=")
        wanted.setdefault(key, set()).add(value)
    found = [cell for cell in cells if all(str(cell.get(k)) in wanted[k] for k in wanted)]
    if only and not found:
        sys.exit(f"no cell has {' '.join(only)}; name a key and value that one has")
    return found


def collect(
    name: str,
    cells: Iterable[Row],
    measure: Measure,
    options: Namespace,
    settings: Row,
    *,
    again: Measure | None = None,
    threads: int | None = 1,
) -> None:
    """Measure the cells that `options` choose, and write ``<name>.json`` whenever one is finished.

    Each has a process of its own, of so many threads, or as many as there are cores. Rows of an
    earlier run with the same settings are kept, unless they are to be measured afresh. A row is its
    cell, what `measure` returned, and the revision that it was measured at. Rows that other code
    measured are replaced by what `again` makes of them, where it is given, or measured again where
    `options` say so.
    """
    earlier = read(name, options.out)
    rows = earlier["rows"] if earlier.get("settings") == settings else []
    cells = chosen(cells, options.only)
    if options.fresh:
        rows = [row for row in rows if not any(belongs(row, cell) for cell in cells)]
    about = {"question": options.question, "settings": settings, **environment(threads)}
    again = measure if options.renew else again
    tasks = list(unfinished(cells, rows, measure, again, about["revision"]))
    for cell, found, seconds in side_by_side(tasks, options.workers, threads):
        measured = {"cell_seconds": round(seconds.wall, 1), "revision": about["revision"]}
        new = [{**cell, **row, **measured} for row in found]
        rows = [row for row in rows if not belongs(row, cell)] + new
        write(name, {**about, "rows": rows}, options.out)
        print(*map(json.dumps, new), sep="\n", flush=True)


def belongs(row: Row, cell: Row) -> bool:
    """Whether a row is of this cell."""
    return cell.items() <= row.items()


def unfinished(
    cells: Iterable[Row], rows: Sequence[Row], measure: Measure, again: Measure | None, now: str
) -> Iterator[Task]:
    """Cells without a row, and those whose row `again` can bring to the revision of `now`."""
    for cell in cells:
        row = next((row for row in rows if belongs(row, cell)), None)
        if row is None:
            yield cell, measure, cell
        elif again is not None and not same_code(row["revision"], now):
            yield cell, again, cell if again is measure else row


def side_by_side(
    tasks: Sequence[Task], workers: int, threads: int | None
) -> Iterator[tuple[Row, list[Row], Seconds]]:
    """Each cell, its rows and the seconds that they took, as they come."""
    engine = LocalProcesses(workers=workers, threads=threads, tasks_each=1)
    # where a cell failed, no other is begun, and those that run are not lost
    run = completed(engine, timed_cell, tasks, in_flight=workers, retries=0)
    for (cell, _, _), (found, seconds) in run:
        yield cell, found if isinstance(found, list) else [found], seconds
