"""The networks that reverse a forward process."""
