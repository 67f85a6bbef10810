"""The web page of a service: one document a model, with nothing to fetch but answers."""
