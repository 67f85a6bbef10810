"""Docstrings as Markdown for the site: sections become lists of terms, doctests code."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension

_DASHES = re.compile(r"-{3,}$")


class Docstrings(Extension):
    """Rewrites each docstring before it is shown."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """``Parameters`` and ``Attributes`` as definition lists, ``>>>`` lines as a block of code.

    >>> print(as_markdown("A.\\n\\nParameters\\n----------\\nx\\n    Its text."))
    A.
    <BLANKLINE>
    **Parameters**
    <BLANKLINE>
    `x`
    :   Its text.
    """
    lines = text.splitlines()
    written: list[str] = []
    in_code = False
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if not in_code and line.startswith(">>>"):
            written.append("```pycon")
            in_code = True
        elif in_code and not line.strip():
            written.append("```")
            in_code = False
        if in_code:
            written.append(line)
        elif _DASHES.match(line):
            continue
        elif _DASHES.match(following):
            written += [f"**{line}**", ""]
        elif line and not line[0].isspace() and following.startswith("    "):
            written += ["", "`" + line.replace(", ", "`, `") + "`"]
        elif line.startswith("    ") and written and written[-1].startswith("`"):
            written.append(f":   {line.strip()}")
        else:
            written.append(line)
    return "\n".join([*written, *["```"] * in_code])
