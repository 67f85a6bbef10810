"""How far a candidate is from a reference, how sure that is, and what is attainable.

| module | its one idea |
|---|---|
| `against` | `compare`, the one function that users call |
| `checks` | what can be compared with what |
| `against_law`, `against_shots` | the reference is a table; it is another set of shots |
| `histograms` | metrics of a histogram against a table: replicates for floors and intervals |
| `few_body` | the same for what a few bits at a time show (`qdiff.few_body`) |
| `pool` | two sets of shots on common rows, relabelled and drawn anew |
| `intervals`, `inversion` | ranges of replicates; the laws under which a score is no surprise |
| `columns` | each metric beside what it must be read against |
| `scorecard` | what a comparison returns |
"""

from qdiff.comparison.against import compare as compare
from qdiff.comparison.against_law import SHOT_MULTIPLIER as SHOT_MULTIPLIER
from qdiff.comparison.scorecard import COLUMNS as COLUMNS
from qdiff.comparison.scorecard import Comparison as Comparison
from qdiff.comparison.scorecard import Metric as Metric
