"""Are two sets of shots from the same law? Tests that need no table and no reference.

Each returns its statistic and a p-value that is exact at any number of shots: the labels of the
pooled shots are exchanged at random, ``p = (1 + #{as extreme}) / (1 + permutations)``.
"""

from __future__ import annotations

from qdiff.two_sample.classifier import ClassifierTest as ClassifierTest
from qdiff.two_sample.classifier import classifier_test as classifier_test
from qdiff.two_sample.hamming_kernel import HammingKernel as HammingKernel
from qdiff.two_sample.mmd import MMDTest as MMDTest
from qdiff.two_sample.mmd import mmd_test as mmd_test
