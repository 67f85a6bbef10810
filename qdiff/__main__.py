"""``python -m qdiff`` is ``qdiff``."""

from qdiff.cli import main

main()
