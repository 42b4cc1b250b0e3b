"""Every way in which a file of an artifact can stop being what was published, and what is no damage at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks import manifest
from tasks.manifest import Artifact, Damage, read_manifest
from tasks.store import Store


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    """An artifact of one file `rows` that holds twelve bytes, in blocks of four."""
    store = Store(tmp_path / "workspace")
    (store.partial("0123") / "result").mkdir(parents=True)
    (store.partial("0123") / "result" / "rows").write_bytes(b"abcdefghijkl")
    return store.publish("Corpus", "0123", {})


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "BLOCK_BYTES", 4)
    monkeypatch.setattr("data.digests._BLOCK_BYTES", 2)


def truncate(path: Path) -> None:
    os.truncate(path, 5)


def delete(path: Path) -> None:
    path.unlink()


def write_into(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(5)
        file.write(b"X")


def write_and_set_the_times_back(path: Path) -> None:
    before = path.stat()
    write_into(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"abcdefghijkX")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def touch(path: Path) -> None:
    os.utime(path)


def replace_with_a_copy(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    copy.replace(path)


@pytest.mark.parametrize(
    ("harm", "what", "blocks"),
    [
        (truncate, "it has 5 bytes, not 12", ()),
        (delete, "it is not there", ()),
        (write_into, "its content has changed", (1,)),
        (write_and_set_the_times_back, "its content has changed", (1,)),
        (replace, "its content has changed", (2,)),
    ],
)
def test_a_changed_file_is_named_with_its_bad_blocks(
    artifact: Artifact, harm: Callable[[Path], None], what: str, blocks: tuple[int, ...]
) -> None:
    assert list(artifact.damage()) == []
    harm(artifact.result / "rows")
    assert list(artifact.damage()) == [Damage(path="rows", what=what, blocks=blocks)]


@pytest.mark.parametrize("change", [touch, replace_with_a_copy])
def test_other_times_or_another_inode_are_no_damage_where_the_content_is_the_same(
    artifact: Artifact, change: Callable[[Path], None]
) -> None:
    change(artifact.result / "rows")
    assert list(artifact.damage()) == []
    assert not artifact.is_stamped()
    manifest.stamp(artifact)
    again = read_manifest(artifact.folder)
    assert again is not None
    assert again.is_stamped()


def test_a_file_is_not_read_again_while_its_times_and_inode_agree(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, on_read: manifest.OnRead | None) -> tuple[str, list[str]]:
        raise AssertionError(f"{file} was read")

    monkeypatch.setattr(manifest, "_sums", refuse)
    assert list(artifact.damage()) == []
    with pytest.raises(AssertionError, match="rows was read"):
        list(artifact.damage(reads_all=True))


def test_bytes_that_rot_without_a_trace_are_found_by_reading_all(artifact: Artifact) -> None:
    write_into(artifact.result / "rows")
    manifest.stamp(artifact)  # as if neither time had changed, which only a disk can do
    rotten = read_manifest(artifact.folder)
    assert rotten is not None
    assert list(rotten.damage()) == []
    assert list(rotten.damage(reads_all=True)) == [Damage(path="rows", what="its content has changed", blocks=(1,))]


def test_a_result_cannot_be_written_to_by_mistake(artifact: Artifact) -> None:
    assert (artifact.result / "rows").stat().st_mode & 0o222 == 0


def test_a_manifest_whose_list_of_files_was_changed_is_no_manifest(artifact: Artifact) -> None:
    file = artifact.folder / manifest.MANIFEST
    file.write_text(file.read_text().replace('"bytes": 12', '"bytes": 13'))
    assert read_manifest(artifact.folder) is not None  # the digest is of contents; the size is then seen to be wrong
    assert list(artifact.damage()) == []
    file.write_text(file.read_text().replace('"rows": {', '"crows": {'))
    assert read_manifest(artifact.folder) is None
