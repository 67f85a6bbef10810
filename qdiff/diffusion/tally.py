"""`qdiff.tally`, under the name by which the decoders and baselines know it."""

from __future__ import annotations

from qdiff.tally import Tally as Tally
