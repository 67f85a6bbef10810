"""How far a candidate is from a reference, how sure that is, and what is attainable."""
