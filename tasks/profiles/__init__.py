"""Profiles: sizes only, one file each; the folder is the list. A profile file defines `PROFILE = Profile(...)`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from data.world.plan import WorldSize
from model.curricula.grit import GritSizes
from model.curricula.momo import MomoSizes
from model.curricula.msp import MspSizes
from model.specs import Optimizer, Options


@dataclass(frozen=True, kw_only=True)
class BenchmarkSizes:
    """One benchmark's: rows an update, epochs (None: those of its file), and what departs from its form's options."""

    batch_size: int
    num_epochs: int | None = None
    form_options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FineTuningSizes:
    """How every benchmark is fine-tuned: `default`, unless `own` has the benchmark's name.

    `view` are the options of how training rows see pictures (`data.pictures.views.Training`), where those are seen.
    """

    optimizer: Optimizer
    default: BenchmarkSizes
    own: Mapping[str, BenchmarkSizes] = field(default_factory=dict)
    view: Options = field(default_factory=dict)
    num_threads: int = 2

    def of_benchmark(self, name: str) -> BenchmarkSizes:
        """The sizes of one benchmark."""
        return self.own.get(name, self.default)


@dataclass(frozen=True, kw_only=True)
class AblationSizes:
    """Which benchmarks an ablation judges its rows on, and how many seeds each row is trained with for each."""

    num_seeds: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The sizes of everything that a profile decides; each can be overridden by the parameter of its task.

    Rates are shares in [0, 1] of the groups of images that no publisher's list assigns to a split.
    """

    world: WorldSize
    vocabulary_entries: int
    text_length: int  # word pieces of a row of text alone
    validation_rate: float
    test_rate: float
    num_negatives: int
    images_per_shard: int
    rows_per_shard: int
    msp: MspSizes
    grit: GritSizes
    momo: MomoSizes
    fine_tuning: FineTuningSizes
    ablations: Mapping[str, AblationSizes]  # by the names of tasks/ablations


def profile_names() -> tuple[str, ...]:
    """The names of all profiles."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@functools.cache
def load_profile(name: str) -> Profile:
    """The profile of that name; it must be one of `profile_names()`."""
    profile = importlib.import_module(f"{__name__}.{name}").PROFILE
    assert isinstance(profile, Profile)
    return profile
