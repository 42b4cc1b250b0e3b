"""What the user sets beside the parameters of tasks, in luigi.cfg or as flags: `[workspace]` and `[sources]`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import luigi

from data.errors import UserError
from data.sources import all_sources
from tasks.profiles import Profile, load_profile, profile_names
from tasks.store import Store


class workspace(luigi.Config):  # noqa: N801  (the class name is the section's name)
    """`[workspace]`: where all artifacts live."""

    root: luigi.Parameter[str] = luigi.Parameter(
        default="./workspace", description="folder of all artifacts; relative to the current folder"
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


class ProfileParameter(luigi.Parameter[str]):
    """The name of a file of tasks/profiles."""

    def parse(self, value: str) -> str:
        """The name, if there is such a profile."""
        if value not in profile_names():
            raise UserError(
                expected=f"a profile: {', '.join(profile_names())}",
                found=repr(value) + nearest(value, profile_names()),
                where="--profile",
                way_out="give one of these, or add a file to tasks/profiles",
            )
        return value


class RateParameter(luigi.FloatParameter):
    """A share in [0, 1]."""

    def parse(self, x: str) -> float:
        """The share; ValueError outside the range, where NaN is too."""
        return _checked_rate(super().parse(x))


class OptionalRateParameter(luigi.OptionalFloatParameter):
    """A share in [0, 1], or nothing."""

    def parse(self, x: str) -> float | None:
        """The share; ValueError outside the range, where NaN is too."""
        rate = super().parse(x)
        return None if rate is None else _checked_rate(rate)


class OptionalCountParameter(luigi.OptionalIntParameter):
    """A number of things, at least one, or nothing."""

    def parse(self, x: str) -> int | None:
        """The count; ValueError below one."""
        count: int | None = super().parse(x)
        if count is not None and count < 1:
            raise ValueError("it must be at least 1")
        return count


def _checked_rate(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError("a share lies in [0, 1]")
    return rate


def nearest(name: str, names: Iterable[str]) -> str:
    """` (did you mean X?)` for the nearest of `names`, or nothing."""
    matches = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" (did you mean {matches[0]}?)" if matches else ""


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
    return tuple(Path(os.path.expandvars(part)).expanduser().absolute() for part in parts if part)
