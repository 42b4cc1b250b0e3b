"""Whether the workspace's file system does what artifacts rest on: locks, renames, fsync, links. All is tried out."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from data.digests import make_durable
from tasks.upkeep.findings import Finding, State

# Says whether another process than the holder gets the lock.
_OTHER = """
import fcntl, sys
try:
    fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    print("refused")
else:
    print("taken")
"""
_OTHER_DISK = "set [workspace] root to a folder on a local disk"


class UnfitError(Exception):
    """The file system does something else than it should."""


def findings(root: Path) -> Iterator[Finding]:
    """What was tried out in the workspace, or where it will be made; nothing is left behind."""
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    try:
        with tempfile.TemporaryDirectory(dir=there, prefix=".doctor-") as folder:
            yield _tried("locks", _locks, Path(folder), "a lock keeps other processes out")
            yield _tried("renames", _renames, Path(folder), "a file takes another's place, a folder its own, at once")
            yield _tried("fsync", _fsync, Path(folder), "files and folders can be had on the disk")
            yield _tried("links", _symbolic_links, Path(folder), "symbolic links work")
            yield _tried(
                "hard links", _hard_links, Path(folder), "hard links work", otherwise="warning", way_out=_COPIES
            )
    except OSError as error:
        said = f"no folder can be made in {there}: {error.strerror}"
        yield Finding(subject="workspace", state="wrong", said=said, way_out="set [workspace] root to another folder")


_COPIES = "none is needed: files are copied instead, which takes time and room"


def _tried(
    subject: str,
    probe: Callable[[Path], None],
    folder: Path,
    said: str,
    *,
    otherwise: State = "wrong",
    way_out: str = _OTHER_DISK,
) -> Finding:
    try:
        probe(folder)
    except OSError as error:
        return Finding(subject=subject, state=otherwise, said=f"refused: {error.strerror or error}", way_out=way_out)
    except UnfitError as error:
        return Finding(subject=subject, state=otherwise, said=str(error), way_out=way_out)
    return Finding(subject=subject, state="ok", said=said)


def _locks(folder: Path) -> None:
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        while_held = _of_another_process(path)
    finally:
        os.close(descriptor)
    if while_held != "refused":
        raise UnfitError("two processes hold one lock at the same time: two commands may build one artifact")
    if _of_another_process(path) != "taken":
        raise UnfitError("a lock stays when its holder has let it go: commands would wait for ever")


def _of_another_process(path: Path) -> str:
    done = subprocess.run([sys.executable, "-I", "-c", _OTHER, str(path)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _renames(folder: Path) -> None:
    (folder / "old").write_text("old")
    (folder / "new").write_text("new")
    (folder / "new").replace(folder / "old")
    (folder / "built").mkdir()
    (folder / "built" / "file").touch()
    (folder / "built").rename(folder / "published")
    is_done = (folder / "old").read_text() == "new" and (folder / "published" / "file").exists()
    if not is_done or (folder / "new").exists() or (folder / "built").exists():
        raise UnfitError("a rename leaves both names, or neither")


def _fsync(folder: Path) -> None:
    (folder / "durable").write_text("durable")
    make_durable(folder / "durable")
    make_durable(folder)


def _symbolic_links(folder: Path) -> None:
    (folder / "target").mkdir()
    (folder / "link").symlink_to("target")
    if not (folder / "link").is_dir():
        raise UnfitError("a symbolic link leads nowhere")


def _hard_links(folder: Path) -> None:
    (folder / "first").write_text("one")
    (folder / "second").hardlink_to(folder / "first")
    if not (folder / "second").samefile(folder / "first"):
        raise UnfitError("a hard link is a file of its own")
