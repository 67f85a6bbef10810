"""What a few bits at a time say about a law: statistics that need no table of all strings."""
