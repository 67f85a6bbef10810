"""``store``: what a store of shots holds, and several of them brought together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qdiff.cli import console
from qdiff.cli.options import JsonOption
from qdiff.errors import InputError


def store(
    folder: Annotated[Path, typer.Argument(help="What `qdiff simulate --store` writes to.")],
    merge: Annotated[
        list[Path] | None, typer.Option(help="Another store, to take over from; several times.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say what a store of shots holds, after taking over what other stores have.

    Example: qdiff store shots --merge from_another_machine
    """
    from qdiff.store.shot_store import ShotStore

    kept = ShotStore(folder)
    if not merge and not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    merged = kept.merge(*merge) if merge else None
    jobs = kept.jobs()
    if json:
        found = {} if merged is None else {"merged": merged.to_dict()}
        console.print_json({"kind": "store", **found, "jobs": jobs})
        return
    if merged is not None:
        text = ", ".join(f"{number:,} {name}" for name, number in merged.to_dict().items())
        console.show(f"batches: {text}")
    console.show(f"{folder}: {len(jobs):,} jobs")
    for job in jobs:
        console.show(_line(job))


def _line(job: dict[str, Any]) -> str:
    noise = job.get("noise")
    if isinstance(noise, dict):
        noise = noise.get("name") or "noise without a name"
    of = f"{job.get('circuit')}, {noise or 'ideal'}, seed {job.get('seed')}"
    return f"{job['shots']:,} shots of {of}, in batches of {job.get('batch')}: {job['job'][:12]}"
