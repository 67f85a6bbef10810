"""One self-contained HTML page about a run or a comparison.

The page is well-formed XML without a script, opens from a file, forbids itself the network
(a Content-Security-Policy), follows the reader's light or dark setting or the switch at its top,
and escapes everything that came from outside. `page` says what is on it, `sections` and `figures`
how it is written.
"""

from __future__ import annotations

from qdiff.report.files import check_pictures, render, save_pictures, write_report
from qdiff.report.page import CircuitSection, Page

__all__ = ["CircuitSection", "Page", "check_pictures", "render", "save_pictures", "write_report"]
