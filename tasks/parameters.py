"""The kinds of values that parameters take, each refusing what is out of its range before any work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import luigi

from data.backbones import backbone_names
from data.errors import UserError
from tasks.profiles import profile_names
from tasks.spelling import nearest

MAX_PROCESSES = 256
OF_PROFILE = "profile"
"""The choice that leaves a setting to the profile."""


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


class ChoiceParameter(luigi.Parameter[str]):
    """One of some names; a mistyped one is answered with the nearest. Luigi's own lists them in an order of chance."""

    def __init__(self, *, choices: Iterable[str], description: str, **others: Any) -> None:
        self.choices = tuple(choices)
        super().__init__(description=f"{description} ({', '.join(self.choices)})", **others)

    def parse(self, x: str) -> str:
        """The name; ValueError for any other."""
        if x not in self.choices:
            raise ValueError(f"there is no {x!r}{nearest(x, self.choices)}")
        return x


class BackboneParameter(luigi.Parameter[str]):
    """A file of data/backbones, or one and a model of its library: `pixels`, `timm:resnet101`."""

    def parse(self, x: str) -> str:
        """The two; ValueError where there is no such file."""
        name = x.partition(":")[0]
        if name not in backbone_names():
            raise ValueError(f"there is no {name!r}{nearest(name, backbone_names())}")
        return x


class SpeltParameter(luigi.Parameter[str]):
    """A text that means something: `spell` gives its one spelling, and raises UserError for what means nothing."""

    def __init__(self, *, spell: Callable[[str], str], description: str, **others: Any) -> None:
        self._spell = spell
        super().__init__(description=description, **others)

    def parse(self, x: str) -> str:
        """The one spelling; ValueError for what has none."""
        try:
            return self._spell(x)
        except UserError as error:
            raise ValueError(f"{error.found}: expected {error.expected}") from None


class SomeParameter(luigi.Parameter[tuple[str, ...]]):
    """Some of a few names, separated by commas; none by default."""

    def __init__(self, *, choices: Iterable[str], description: str, **others: Any) -> None:
        self._one = ChoiceParameter(choices=choices, description=description)
        super().__init__(description=str(self._one.description), **others)

    def parse(self, x: str) -> tuple[str, ...]:
        """The names, sorted; ValueError for any other."""
        return tuple(sorted({self._one.parse(name.strip()) for name in x.split(",") if name.strip()}))

    def serialize(self, x: tuple[str, ...]) -> str:
        """The names as they are given."""
        return ",".join(x)


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
        return None if count is None else _checked(count, 1, None)


class CountParameter(luigi.IntParameter):
    """A number of things, from 1 to `most`."""

    def __init__(self, *, most: int, description: str, **others: Any) -> None:
        self._most = most
        super().__init__(description=description, **others)

    def parse(self, s: str) -> int:
        """The number; ValueError outside the range."""
        return _checked(super().parse(s), 1, self._most)


class CountFromZeroParameter(luigi.IntParameter):
    """A number of things, or 0."""

    def parse(self, s: str) -> int:
        """The count; ValueError below 0."""
        return _checked(super().parse(s), 0, None)


class OptionalCountFromZeroParameter(luigi.OptionalIntParameter):
    """A number of things, or 0; or nothing."""

    def parse(self, x: str) -> int | None:
        """The count; ValueError below 0."""
        count: int | None = super().parse(x)
        return None if count is None else _checked(count, 0, None)


class ProcessesParameter(luigi.IntParameter):
    """A number of processes or threads, from 1 to `MAX_PROCESSES`."""

    def parse(self, s: str) -> int:
        """The number; ValueError outside the range."""
        return _checked(super().parse(s), 1, MAX_PROCESSES)


class OptionalProcessesParameter(luigi.OptionalIntParameter):
    """A number of processes or threads, from 1 to `MAX_PROCESSES`, or nothing."""

    def parse(self, x: str) -> int | None:
        """The number; ValueError outside the range."""
        count: int | None = super().parse(x)
        return None if count is None else _checked(count, 1, MAX_PROCESSES)


class SeedParameter(luigi.IntParameter):
    """A seed: what every generator in use takes, 0 to 2^32 - 1."""

    def parse(self, s: str) -> int:
        """The seed; ValueError outside the range."""
        return _checked(super().parse(s), 0, 2**32 - 1)


class OptionalSeedParameter(luigi.OptionalIntParameter):
    """A seed, or nothing."""

    def parse(self, x: str) -> int | None:
        """The seed; ValueError outside the range."""
        seed: int | None = super().parse(x)
        return None if seed is None else _checked(seed, 0, 2**32 - 1)


class SecondsParameter(luigi.FloatParameter):
    """A positive time in seconds."""

    def parse(self, x: str) -> float:
        """The time; ValueError for zero, less, or NaN."""
        seconds = float(super().parse(x))
        if not seconds > 0:
            raise ValueError("a time is above 0")
        return seconds


def _checked_rate(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError("a share lies in [0, 1]")
    return rate


def _checked(value: int, low: int, high: int | None) -> int:
    if value < low or (high is not None and value > high):
        raise ValueError(f"it must be at least {low}" + ("" if high is None else f" and at most {high}"))
    return value
