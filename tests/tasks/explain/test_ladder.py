"""Planning is linear in the DAG: a ladder of two tasks a level, each of which needs both of the level below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import luigi
import pytest
from luigi.task_register import Register

from pipeline import guard
from tasks import store as stores
from tasks.artifact import ArtifactTask, Job
from tasks.explain import standing as standing_module
from tasks.explain.plan import plan
from tasks.explain.standing import build_order
from tasks.manifest import Artifact, read_manifest
from tasks.node import Input
from tasks.settings import current_store
from tasks.store import Store

calls: Counter[str] = Counter()


class LadderRung(ArtifactTask):
    level: luigi.IntParameter = luigi.IntParameter()
    side: luigi.Parameter[str] = luigi.Parameter()
    entry = ("data.progress",)

    @property
    def variant(self) -> str:
        return f"{self.level}{self.side}"

    def inputs(self) -> Mapping[str, Input]:
        calls["inputs"] += 1
        below = {side: LadderRung(level=self.level - 1, side=side) for side in "ab"} if self.level else {}
        return {side: Input(node=rung) for side, rung in below.items()}

    def settings(self) -> Mapping[str, Any]:
        calls["settings"] += 1
        return {"level": self.level, "side": self.side, "height": height.value}

    def build(self, job: Job) -> None:
        raise AssertionError("planning builds nothing")


class Height:
    """What every rung's setting is; a change of it is a change of all."""

    value = 1


class LadderTop(luigi.WrapperTask):
    level: luigi.IntParameter = luigi.IntParameter()

    def requires(self) -> list[LadderRung]:
        return [LadderRung(level=self.level, side=side) for side in "ab"]


height = Height()


@pytest.fixture(autouse=True)
def _counted(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(folder: Path) -> Artifact | None:
        calls["manifests"] += 1
        return read_manifest(folder)

    find = Store.find

    def counted_find(self: Store, family: str, key: str) -> Artifact | None:
        calls["finds"] += 1
        return find(self, family, key)

    monkeypatch.setattr(stores, "read_manifest", counted)
    monkeypatch.setattr(standing_module, "read_manifest", counted)
    monkeypatch.setattr(Store, "find", counted_find)
    monkeypatch.setattr(height, "value", 1)


def publish(root: luigi.Task) -> None:
    """Publish an artifact of every rung, as building it would."""
    store = current_store()
    for task in build_order(root):
        if isinstance(task, LadderRung):
            key = task.key()
            assert key is not None
            result = store.partial(key) / "result"
            result.mkdir(parents=True)
            (result / "rung.txt").write_text(task.label)
            recorded = {"label": task.label, "started": "2026-01-01T00:00:00+00:00"}
            artifact = store.publish("LadderRung", key, {"decided_by": task.decision(), "recorded": recorded})
            store.point_current(task.label, artifact)


def counts(level: int, *, num_pending: int) -> Counter[str]:
    """What planning a ladder asks for, as a fresh command."""
    Register.clear_instance_cache()
    calls.clear()
    found = plan(LadderTop(level=level), current_store())
    assert len(found.tasks) == 2 * (level + 1)
    assert found.num_to_do + found.num_unknown == num_pending
    return calls.copy()


def test_a_ladder_of_200_tasks_of_which_none_is_built_reads_at_most_two_manifests_a_task() -> None:
    asked = counts(99, num_pending=200)
    assert asked["manifests"] <= 2  # of the two that have a key
    assert asked["finds"] <= 200


def test_a_ladder_of_200_tasks_that_are_all_there_reads_one_manifest_a_task() -> None:
    publish(LadderTop(level=99))
    asked = counts(99, num_pending=0)
    assert asked["manifests"] == 200
    assert asked["finds"] == 200


def test_a_ladder_of_200_tasks_that_were_built_otherwise_reads_at_most_two_manifests_a_task() -> None:
    publish(LadderTop(level=99))
    height.value = 2
    asked = counts(99, num_pending=200)
    assert asked["manifests"] <= 2 * 200
    assert asked["finds"] <= 200


def test_twice_the_ladder_asks_every_task_as_often() -> None:
    short, long = counts(49, num_pending=100), counts(99, num_pending=200)
    assert long["inputs"] <= 2 * short["inputs"] + 10
    assert long["settings"] <= 2 * short["settings"] + 10


@pytest.mark.parametrize("num_there", [0, 50, 100])
def test_luigis_own_planning_asks_the_store_at_most_twice_a_task(num_there: int) -> None:
    if num_there:
        publish(LadderTop(level=num_there - 1))
    Register.clear_instance_cache()
    calls.clear()
    tasks = list(guard.walk(LadderTop(level=99)))
    assert calls["inputs"] == 200
    assert [task.complete() for task in tasks].count(True) == 2 * num_there + (num_there == 100)
    assert calls["manifests"] <= 2 * 200
