"""A source is known by what it holds: read once, seen when it changes, and at home wherever its folder lies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import luigi
import luigi.configuration
import pytest
from luigi.task_register import Register

from data.errors import UserError
from data.progress import Progress
from tasks import pins
from tasks.artifact import ArtifactTask, Job
from tasks.faults import MachineError
from tasks.node import Input
from tasks.sources import SourceFile, need, source_inputs, uses_world

events: list[str] = []


class Reader(ArtifactTask):
    """Copies what its source holds."""

    source: luigi.Parameter[str] = luigi.Parameter(significant=False)
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"source": Input(node=SourceFile(path=self.source))}

    def build(self, job: Job) -> None:
        events.append("built")
        path = job.inputs["source"]
        (job.result / "copy").write_bytes(
            b"".join(p.read_bytes() for p in ([path] if path.is_file() else path.iterdir()))
        )


@pytest.fixture(autouse=True)
def _watched(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Notes every reading of a source, and trusts files of any age so that no test has to wait."""
    digests = pins._digests

    def noted(path: Path, progress: Progress) -> dict[str, str]:
        events.append("read")
        return digests(path, progress)

    monkeypatch.setattr(pins, "_digests", noted)
    monkeypatch.setattr(pins, "_TRUSTED_AGE_NS", 0)
    luigi.configuration.get_config().set("workspace", "retry_wait_s", "0.001")
    yield
    events.clear()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "downloads" / "captions.json"
    path.parent.mkdir()
    path.write_text("old words")
    return path


def run(source: Path) -> list[str]:
    """What a fresh command does with that source."""
    Register.clear_instance_cache()
    events.clear()
    assert luigi.build([Reader(source=str(source))], workers=1, local_scheduler=True, log_level="CRITICAL")
    return list(events)


def failure(source: Path) -> UserError:
    Register.clear_instance_cache()
    with pytest.raises(UserError) as caught:
        SourceFile(path=str(source)).run()
    return caught.value


def later(path: Path) -> None:
    """Give a file another time, whatever the clock's tick."""
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))


def test_a_file_is_read_once(file: Path) -> None:
    assert run(file) == ["read", "built"]
    assert run(file) == []


def test_a_file_replaced_by_one_of_the_same_size_is_seen(file: Path) -> None:
    run(file)
    file.with_suffix(".new").write_text("new words")
    file.with_suffix(".new").replace(file)
    assert run(file) == ["read", "built"]


def test_a_file_overwritten_in_place_with_its_old_time_put_back_is_seen(file: Path) -> None:
    run(file)
    before = file.stat()
    file.write_text("new words")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(file) == ["read", "built"]


def test_a_touched_file_is_read_again_and_changes_nothing_downstream(file: Path) -> None:
    run(file)
    later(file)
    assert run(file) == ["read"]
    assert run(file) == []


def test_a_moved_folder_rebuilds_nothing(file: Path, tmp_path: Path) -> None:
    run(file)
    file.parent.rename(tmp_path / "elsewhere")
    assert run(tmp_path / "elsewhere" / file.name) == ["read"]


def test_a_renamed_file_rebuilds_since_readers_see_its_name(file: Path) -> None:
    run(file)
    assert run(file.rename(file.with_name("dev.json"))) == ["read", "built"]


@pytest.mark.parametrize("change", ["add", "remove", "rename", "rewrite"])
def test_a_folder_is_a_source_and_a_change_of_any_file_in_it_is_seen(change: str, file: Path) -> None:
    (file.parent / "second.json").write_text("more words")
    assert run(file.parent) == ["read", "built"]
    assert run(file.parent) == []
    if change == "add":
        (file.parent / "third.json").write_text("yet more")
    elif change == "remove":
        file.unlink()
    elif change == "rename":
        file.rename(file.with_name("renamed.json"))
    else:
        file.write_text("new words")
        later(file)
    assert run(file.parent) == ["read", "built"]


def test_a_moved_folder_as_a_source_rebuilds_nothing(file: Path, tmp_path: Path) -> None:
    run(file.parent)
    assert run(Path(shutil.move(file.parent, tmp_path / "elsewhere"))) == ["read"]


def test_a_damaged_pin_is_made_anew(file: Path, workspace: Path) -> None:
    run(file)
    (pin,) = (workspace / "pins").iterdir()
    pin.write_text("{")
    assert run(file) == ["read"]


def test_a_file_that_changes_while_it_is_read_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(path: Path, progress: Progress) -> dict[str, str]:
        path.write_text("longer than before")
        return {path.name: "0" * 64}

    monkeypatch.setattr(pins, "_digests", meanwhile)
    assert "changed" in failure(file).found


def test_a_young_file_is_read_only_when_a_later_change_would_show_in_its_times(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "_TRUSTED_AGE_NS", 3600 * 10**9)
    monkeypatch.setattr(pins.time, "sleep", lambda seconds: events.append(f"waited {seconds:.0f} s"))
    SourceFile(path=str(file)).run()
    assert events == ["waited 3600 s", "read"]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    error = failure(tmp_path / "nowhere.json")
    assert error.where == str(tmp_path / "nowhere.json")
    assert "no such file" in error.found


def test_a_disk_that_fails_while_it_is_read_is_a_message_with_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path, progress: Progress) -> dict[str, str]:
        events.append("tried")
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(pins, "_digests", fails)
    error = failure(file)
    assert isinstance(error, MachineError)
    assert "Input/output error" in error.found
    assert error.where == str(file)
    assert events == ["tried"] * 4


def test_a_disk_that_fails_only_for_a_moment_is_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = pins._digests

    def fails_once(path: Path, progress: Progress) -> dict[str, str]:
        events.append("tried")
        if events == ["tried"]:
            raise OSError(5, "Input/output error", str(path))
        return digests(path, progress)

    monkeypatch.setattr(pins, "_digests", fails_once)
    task = SourceFile(path=str(file))
    task.run()
    assert task.complete()
    assert events == ["tried", "tried", "read"]


def test_the_world_is_used_only_if_no_source_is_set(file: Path) -> None:
    assert uses_world()
    assert list(source_inputs(["coco_captions"], profile="smoke")) == ["world"]
    set_source("coco_captions", f"{file}, {file}")
    assert not uses_world()
    assert list(source_inputs(["coco_captions"], profile="smoke")) == ["coco_captions.0", "coco_captions.1"]
    assert source_inputs(["obj36"], profile="smoke") == {}


def test_a_needed_source_that_is_not_set_is_named_by_its_setting_and_address(file: Path) -> None:
    need(("obj36",), task="RegionFeatures", what="region features")  # the world has them
    set_source("coco_captions", str(file))
    with pytest.raises(UserError) as caught:
        need(("obj36", "coco_images"), task="RegionFeatures", what="region features")
    assert "[sources] obj36" in caught.value.way_out
    assert "[sources] coco_images" in caught.value.way_out
    assert "https://" in caught.value.way_out
    need(("obj36", "coco_captions"), task="RegionFeatures", what="any of two")


def set_source(name: str, value: str) -> None:
    luigi.configuration.get_config().set("sources", name, value)
    Register.clear_instance_cache()
