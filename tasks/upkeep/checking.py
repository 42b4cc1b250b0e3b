"""Every byte of artifacts read and compared with their manifests, which finds what no time or size of a file shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.digests import digest_of, files_below
from data.errors import UserError
from tasks.explain.ancestry import labels
from tasks.manifest import MANIFEST, Artifact, Damage, OnRead, read_manifest
from tasks.spelling import nearest
from tasks.store import Store


@dataclass(frozen=True, kw_only=True)
class Checked:
    """An artifact that was read through: what is wrong with it, and where it lies now if it was set aside."""

    folder: Path
    num_bytes: int
    damage: tuple[Damage, ...] = ()
    set_aside: Path | None = None

    @property
    def name(self) -> str:
        """Its family and its key, as the store has them."""
        return f"{self.folder.parent.name}/{self.folder.name}"


def folders(store: Store, names: Sequence[str] = ()) -> tuple[Path, ...]:
    """The folders of the artifacts that labels or paths name; of all in the store where none is named."""
    if names:
        return tuple(dict.fromkeys(_folder(store, name) for name in names))
    return tuple(sorted(folder for folder in (store.root / "store").glob("*/*") if folder.is_dir()))


def num_bytes(folder: Path) -> int:
    """What there is to be read of an artifact."""
    artifact = read_manifest(folder)
    return 0 if artifact is None else artifact.num_bytes()


def check(folder: Path, on_read: OnRead | None = None) -> Checked:
    """Read an artifact through. One that went away meanwhile, since it was replaced or removed, is not damaged."""
    artifact = read_manifest(folder)
    if artifact is None:
        damage: tuple[Damage, ...] = (Damage(path=MANIFEST, what=_fault_of_manifest(folder)),)
    else:
        damage = (*_of_key(artifact), *artifact.damage(reads_all=True, on_read=on_read), *_strangers(artifact))
    return Checked(folder=folder, num_bytes=num_bytes(folder), damage=damage if folder.is_dir() else ())


def set_aside(checked: Checked) -> Checked:
    """Move what is damaged to `<root>/quarantine/`, so that the next run builds it again; not while it is built."""
    store = Store(checked.folder.parents[2])
    with store.locked_if_free(checked.folder.name) as is_ours:
        return replace(checked, set_aside=store.set_aside(checked.folder) if is_ours else None)


def _folder(store: Store, name: str) -> Path:
    """The folder of the artifact that a path lies in, or to which `current/` leads, whatever state it is in."""
    link = store.root / "current" / name
    path = (link if "/" not in name and link.is_symlink() else Path(name).expanduser()).resolve()
    for folder in (path, *path.parents):
        if folder.is_dir() and len(folder.parents) > 2 and folder.parents[1].name == "store":
            return folder
    known = labels(store)
    raise UserError(
        expected=f"a path in an artifact, or a label in {store.root}/current: {', '.join(known) or 'none yet'}",
        found=name + nearest(name, known),
        where="the command line",
        way_out="leave it out to verify everything; multigrain status lists what there is",
    )


def _fault_of_manifest(folder: Path) -> str:
    try:
        json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return "it is not there"
    except (OSError, ValueError):
        return "it cannot be read"
    return "its digest is not that of the files that it lists"


def _of_key(artifact: Artifact) -> Iterator[Damage]:
    if not artifact.key == artifact.folder.name == digest_of(artifact.manifest.get("decided_by")):
        yield Damage(path=MANIFEST, what="what it says decided it does not give its key")


def _strangers(artifact: Artifact) -> Iterator[Damage]:
    """Files that nobody published: a reader of all parts of a table would take one for a part."""
    for path, _ in files_below(artifact.result):
        if path not in artifact.files:
            yield Damage(path=path, what="the manifest does not list it")
