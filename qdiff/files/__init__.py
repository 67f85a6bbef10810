"""Files and objects of other programs, to and from shots, recognised by content."""
