"""One model for all members of a family: laws told apart by parameters and noise."""
