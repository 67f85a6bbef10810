"""The command line, and the whole job. Everything it does can be done from Python."""
