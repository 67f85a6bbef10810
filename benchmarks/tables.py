"""Write docs/benchmarks.md from the committed JSON, or check that it matches.

python benchmarks/tables.py [--check] [--page FILE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from record import read
from sections import SECTIONS

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def page() -> str:
    lines = [
        "# Benchmarks",
        "",
        "Made by `python benchmarks/tables.py` from `benchmarks/results/`.",
    ]
    for name, section in SECTIONS.items():
        content = read(name)
        if content:
            lines += ["", *section(content)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    if not options.check:
        options.page.write_text(page())
    elif options.page.read_text() != page():
        sys.exit(f"{options.page.name} does not match the JSON; run python benchmarks/tables.py")


if __name__ == "__main__":
    main()
