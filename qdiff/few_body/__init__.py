"""What a few bits at a time say about a law: statistics that need no table of all strings.

The means of Z strings of weight 1 to 3, the marginals of as many bits, which are linear in them,
and the law of the Hamming weight. They exist for any number of bits.
"""

from qdiff.few_body.distances import DISTANCES as DISTANCES
from qdiff.few_body.distances import Distance as Distance
from qdiff.few_body.distances import distance_values as distance_values
from qdiff.few_body.distances import distances as distances
from qdiff.few_body.layout import Layout as Layout
from qdiff.few_body.moments import Moments as Moments
