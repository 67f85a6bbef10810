"""Which code each file of results was measured by."""

from __future__ import annotations

from collections.abc import Mapping

from sections.markdown import Row, head, line


def revisions(files: Mapping[str, Row]) -> list[str]:
    """One row a file of results; what was not written down is a question mark."""
    return [
        "## Which revision each table is of",
        "",
        "A later revision is not always another program: "
        "`python benchmarks/tables.py --one-revision` says which tables other code of qdiff has "
        "measured, and `make bench RENEW=--renew` measures those again, going on where it was "
        "stopped.",
        "",
        *head(["file", "revisions"], ["rows", "seeds"]),
        *(
            line([f"`{name}`", ", ".join(measured_by(content)), *map(str, counts(content))])
            for name, content in files.items()
        ),
    ]


def measured_by(content: Row) -> list[str]:
    """Revisions in the order of the rows; a question mark where none was written down."""
    whole = content.get("revision") or "?"
    return list(dict.fromkeys(row.get("revision") or whole for row in content["rows"]))


def counts(content: Row) -> tuple[int, int | str]:
    """Rows, and the seeds that these or their means are of."""
    seeds = {row["seed"] for row in content["rows"] if "seed" in row}
    return len(content["rows"]), len(seeds) or content["settings"].get("seeds", "")
