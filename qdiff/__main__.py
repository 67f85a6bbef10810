"""``python -m qdiff`` is ``qdiff``."""

from qdiff.cli.main import main

main()
