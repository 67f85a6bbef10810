"""Are two sets of shots from the same law? Tests that need no table and no reference."""
