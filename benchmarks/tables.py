"""Write docs/benchmarks.md from the committed JSON, or check that it matches.

python benchmarks/tables.py [--check] [--one-revision] [--page FILE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from record import Row, read, revision, same_code
from sections import SECTIONS
from sections.revisions import measured_by, revisions

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def results() -> dict[str, Row]:
    """What there is, by the name of its file."""
    found = {name: read(name) for name in SECTIONS}
    return {name: content for name, content in found.items() if content}


def page() -> str:
    lines = [
        "# Benchmarks",
        "",
        "Made by `python benchmarks/tables.py` from `benchmarks/results/`.",
    ]
    found = results()
    for name, content in found.items():
        lines += ["", *SECTIONS[name](content)]
    lines += ["", *revisions(found)]
    return "\n".join(lines) + "\n"


def of_other_code() -> list[str]:
    """Files of results with rows that the package and benchmarks of today did not measure."""
    now = revision()
    return [
        f"{name}: {' '.join(other)}"
        for name, content in results().items()
        if (other := [each for each in measured_by(content) if not same_code(each, now)])
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument(
        "--one-revision", action="store_true", help="fail where other code measured some rows"
    )
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    if options.one_revision:
        sys.exit("\n".join(of_other_code()) or None)
    if not options.check:
        options.page.write_text(page())
    elif options.page.read_text() != page():
        sys.exit(f"{options.page.name} does not match the JSON; run python benchmarks/tables.py")


if __name__ == "__main__":
    main()
