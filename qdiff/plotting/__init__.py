"""Drawing with matplotlib: numbers and names in, axes out. What they are of is not known here."""
