"""``serve``: surrogates over HTTP."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console


def serve(
    models: Annotated[list[str], typer.Argument(help="Fitted surrogates: FILE or NAME=FILE.")],
    host: Annotated[str, typer.Option(help="Where to listen; only this machine may ask.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Ask for the token in this file, or in the variable QDIFF_TOKEN."),
    ] = None,
    most_shots: Annotated[int, typer.Option(min=1, help="Shots a request.")] = 1_000_000,
    most_bytes: Annotated[int, typer.Option(min=1, help="Bytes of a request's body.")] = 2**20,
    seconds: Annotated[float, typer.Option(help="Seconds a request, waiting included.")] = 60.0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Requests worked on at once; else one a core.")
    ] = None,
    waiting: Annotated[
        int, typer.Option(min=0, help="Requests that may wait; the next one is refused (503).")
    ] = 64,
) -> None:
    """Serve surrogates over HTTP, with a web page and an OpenAPI schema.

    Example: qdiff serve model.safetensors --port 8000
    """
    from qdiff.environment import needed

    for module in ("fastapi", "uvicorn", "prometheus_client"):
        needed(module)
    import torch

    from qdiff import progress
    from qdiff.files.load import load_surrogate
    from qdiff.service import guards, listening
    from qdiff.service.application import create_app
    from qdiff.service.limits import Limits
    from qdiff.service.served import Served, named_files

    cores = os.cpu_count() or 1
    limits = Limits(
        shots=most_shots,
        body=most_bytes,
        seconds=seconds,
        workers=workers or cores,
        waiting=waiting,
    )
    token = guards.read_token(token_file)
    files = named_files(models)
    torch.set_num_threads(max(1, cores // limits.workers))
    with listening.listen(host, port) as listener:
        prepared = []
        shown = console.interactive(False)
        only_local = listening.is_loopback(listener)
        with progress.progress_bar("prepare", len(files) + 1, shown=shown) as done:
            for name, path in files.items():
                prepared.append(Served.prepared(name, load_surrogate(path)))
                done()
            app = create_app(prepared, limits=limits, token=token, only_local=only_local)
            done()
        if token is None and not only_local:
            console.say("qdiff: no token is asked for: whoever reaches this machine may ask")
        console.show(f"{', '.join(files)}: {listening.address_of(listener)}")
        # Ctrl-C is how one ends a service; whether it is raised here too depends on its timing
        with suppress(KeyboardInterrupt):
            listening.server(app).run(sockets=[listener])
        console.say("qdiff: stopped")
