"""Photograph the top of the demo's page for the README, or check that the page still looks so.

The picture carries a fingerprint of what draws a page, and that is what is checked. Run ``make
demo`` first; a photograph needs Chromium.

    python benchmarks/demo_picture.py [--check]
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from PIL.PngImagePlugin import PngInfo

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "demo.png"
PAGE = ROOT / "runs" / "ising_10" / "report.html"
DRAWN_BY = ("report/html", "report/pictures", "plotting")
"""Folders of ``qdiff``."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = "--headless --no-sandbox --disable-gpu --hide-scrollbars --force-color-profile=srgb"
WIDTH, HEIGHT = 1120, 1460
"""Pixels: the headline and the first three pictures."""


def fingerprint() -> str:
    """Of the style, the template and the code that a page is drawn by, whatever it imports."""
    found = hashlib.sha256()
    for folder in DRAWN_BY:
        for path in sorted((ROOT / "qdiff" / folder).rglob("*.*")):
            if path.suffix in (".py", ".css", ".html"):
                text = path.read_text()
                found.update((_drawing(text) if path.suffix == ".py" else text).encode())
    return found.hexdigest()[:16]


def _drawing(code: str) -> str:
    """What code does: without comments, and wherever its names are imported from."""
    tree = ast.parse(code)
    tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return ast.unparse(tree)


def photograph(page: Path, target: Path) -> None:
    """The top of `page` without what was run."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is on the path; install one")
    text = re.sub(r"<section><h2>What was run.*?</section>", "", page.read_text(), flags=re.DOTALL)
    with TemporaryDirectory() as folder:
        shortened, shot = Path(folder, "page.html"), Path(folder, "shot.png")
        shortened.write_text(text)
        options = [*OPTIONS.split(), f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}"]
        command = [browser, *options, f"--user-data-dir={folder}/profile", shortened.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
        mark = PngInfo()
        mark.add_text("Description", fingerprint())
        image = Image.open(shot).convert("RGB").crop((0, 0, WIDTH, HEIGHT))
        image.quantize(128, dither=Image.Dither.NONE).save(target, pnginfo=mark, optimize=True)


def is_current() -> bool:
    """Whether the picture was taken of pages as they are drawn now."""
    return PICTURE.exists() and Image.open(PICTURE).info.get("Description") == fingerprint()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    if not options.check:
        photograph(options.page, PICTURE)
    elif not is_current():
        sys.exit("docs/demo.png is outdated; run make demo and python benchmarks/demo_picture.py")


if __name__ == "__main__":
    main()
