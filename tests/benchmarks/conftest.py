from __future__ import annotations

import sys
from pathlib import Path

# scripts, not a package; they import each other by name
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
