"""Many circuits, noises, numbers of shots and seeds: fitted, compared, and put into one table."""
