"""What is installed: the version of qdiff, and packages that only some features need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from qdiff.errors import InputError

__version__ = "0.1.0"

EXTRAS = {
    "pyarrow": ("parquet", "Parquet files"),
    "qiskit_ibm_runtime": ("ibm", "fake backends of IBM devices"),
    "pandas": ("pandas", "data frames"),
    "mqt": ("mqt", "MQT Bench circuits"),
    "fastapi": ("serve", "services over HTTP"),
    "uvicorn": ("serve", "services over HTTP"),
    "prometheus_client": ("serve", "services over HTTP"),
    "ray": ("ray", "workers of Ray"),
    "submitit": ("slurm", "jobs of Slurm"),
    "distributed": ("dask", "workers of Dask"),
}
"""Package: the extra of qdiff that installs it, and what it is for."""


def needed(module: str) -> Any:
    """Import a module of an extra. Raises `InputError` that names the extra where it is missing."""
    package = module.partition(".")[0]
    extra, purpose = EXTRAS[package]
    try:
        return import_module(module)
    except ImportError:
        raise InputError(
            f"{purpose} need the extra {extra!r}: pip install 'qdiff-sampler[{extra}]'"
        ) from None


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of torch's: small products gain nothing from more, and sums over several are
    rounded otherwise."""
    import torch

    earlier = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(earlier)
