"""The surrogate: a mixture of fitted laws that samples, evaluates, answers and saves."""
