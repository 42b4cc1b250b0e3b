"""What the user sets beside the parameters of tasks, in luigi.cfg or as flags: `[workspace]` and `[sources]`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import luigi

from data.sources import all_sources
from tasks.parameters import CountFromZeroParameter, SecondsParameter
from tasks.profiles import Profile, load_profile
from tasks.store import Store


class workspace(luigi.Config):  # noqa: N801  (the class name is the section's name)
    """`[workspace]`: where all artifacts live."""

    root: luigi.Parameter[str] = luigi.Parameter(
        default="./workspace", description="folder of all artifacts; relative to the current folder"
    )
    num_retries: CountFromZeroParameter = CountFromZeroParameter(
        default=3, description="how often work is tried again after a fault of a disk or network that may pass"
    )
    retry_wait_s: SecondsParameter = SecondsParameter(
        default=2.0, description="seconds before the first retry; twice as long before each further one"
    )


_REGISTER: Any = type(luigi.Config)
sources: Any = _REGISTER(
    "sources",
    (luigi.Config,),
    {
        "__doc__": "`[sources]`: the user's files, a key for each file of data/sources; commas separate several paths.",
        "__module__": __name__,
        **{
            source.name: luigi.Parameter(default="", description=f"{source.title}; see {source.address}")
            for source in all_sources().values()
        },
    },
)


def current_store() -> Store:
    """The store of the workspace in use."""
    return Store(Path(workspace().root).expanduser().absolute())


def current_profile(name: str) -> Profile:
    """The profile of that name."""
    return load_profile(name)


def configured_sources() -> Mapping[str, tuple[Path, ...]]:
    """The user's paths by source name; empty if none is set at all, and then the generated world is used."""
    section = sources()
    paths = {name: _paths(getattr(section, name)) for name in all_sources()}
    return {name: given for name, given in paths.items() if given}


def _paths(value: str) -> tuple[Path, ...]:
    parts = [part.strip() for part in value.split(",")]
    return tuple(_path(part) for part in parts if part)


def given_paths(paths: Mapping[str, str]) -> dict[str, Path]:
    """Those that the user gave, whole; they may hold variables and `~`."""
    return {name: _path(given) for name, given in paths.items() if given}


def _path(given: str) -> Path:
    return Path(os.path.expandvars(given)).expanduser().absolute()
