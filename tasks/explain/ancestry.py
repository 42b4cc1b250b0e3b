"""Where an artifact came from: it, everything that it was made from, and the publishers' files at the far end.

All of it is read from manifests, so an artifact can be asked in any workspace, and what is gone is said to be gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from data.errors import UserError
from tasks.explain.changes import flat
from tasks.manifest import Artifact, read_manifest
from tasks.spelling import nearest
from tasks.store import Store


@dataclass(frozen=True, kw_only=True)
class Made:
    """An input of an artifact: what was read of it, and where it came from (a key of the store, or a user's path)."""

    name: str
    family: str
    label: str
    digest: str
    """Of just what was read."""
    results: tuple[str, ...]
    """The parts that were read; all where none is named."""
    key: str | None
    path: str | None
    sha256: str | None
    """Of a source that is one file."""


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """An artifact, and all that decided it. Of one that is gone only label, family and key are known."""

    label: str
    family: str
    key: str
    folder: Path | None
    digest: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    started: str | None = None
    inputs: tuple[Made, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """All that an artifact came from: itself first, each before what it was made from; and the sources as read."""

    artifacts: tuple[Ancestor, ...]
    sources: tuple[Made, ...]


def labels(store: Store) -> tuple[str, ...]:
    """The labels in `current/`, sorted."""
    folder = store.root / "current"
    links = [link for link in folder.iterdir() if link.is_symlink()] if folder.is_dir() else []
    return tuple(sorted(link.name for link in links if not link.name.startswith(".")))  # `.NAME`: a link being replaced


def find_artifact(store: Store, name: str) -> Artifact:
    """The artifact that a path lies in, or to which `current/` leads under a label. Raises UserError."""
    is_label = (store.root / "current" / name).is_symlink()
    path = store.root / "current" / name if is_label else Path(name).expanduser()
    if not is_label and not path.exists():
        raise _not_found(store, name)
    path = path.resolve()
    found = (read_manifest(folder) for folder in (path, *path.parents))
    artifact = next((artifact for artifact in found if artifact is not None), None)
    if artifact is None:
        raise UserError(
            expected="an artifact, or a path in one, such as <workspace>/current/TokenStage/result",
            found="no manifest that can be read, there or in any folder above",
            where=str(path),
            way_out="multigrain status lists what there is",
        )
    return artifact


def _not_found(store: Store, name: str) -> UserError:
    known = labels(store)
    return UserError(
        expected=f"a path in an artifact, or a label of {store.root}/current: {', '.join(known) or 'it has none yet'}",
        found=f"{name}{nearest(name, known)}",
        where="the command line",
        way_out="multigrain status lists what there is; luigi --module pipeline NAME builds it",
    )


def store_of(artifact: Artifact) -> Store:
    """The store that an artifact belongs to, also where it was set aside."""
    up = artifact.folder.parents
    return Store(up[2] if up[1].name == "store" else up[1])


def lineage(artifact: Artifact) -> Lineage:
    """Everything that an artifact came from, as far as it is still there."""
    store = store_of(artifact)
    found = {artifact.key: _ancestor(artifact)}
    waiting = [artifact.key]
    while waiting:
        for made in found[waiting.pop()].inputs:
            if made.key is not None and made.key not in found:
                found[made.key] = _behind(store, made, made.key)
                waiting.append(made.key)
    needs = {key: [made.key for made in each.inputs if made.key is not None] for key, each in found.items()}
    read = (made for each in found.values() for made in each.inputs)
    sources = {(made.path, made.digest): made for made in read if made.path is not None}
    return Lineage(
        artifacts=tuple(found[key] for key in reversed([*TopologicalSorter(needs).static_order()])),
        sources=tuple(sources[read] for read in sorted(sources)),
    )


def made_from(artifact: Artifact) -> tuple[Made, ...]:
    """The inputs of an artifact, as its manifest records them."""
    return tuple(
        Made(
            name=name,
            family=said.get("family", "SourceFile"),
            label=said.get("label", "SourceFile"),
            digest=said["digest"],
            results=tuple(said["results"]),
            key=said.get("key"),
            path=said.get("path"),
            sha256=said.get("sha256"),
        )
        for name, said in artifact.manifest["recorded"].get("made_from", {}).items()
    )


def input_of(store: Store, made: Made) -> Artifact | None:
    """The artifact behind an input, whole or not; None where it is a source, or gone."""
    return None if made.key is None else read_manifest(store.folder(made.family, made.key))


def label_of(artifact: Artifact) -> str:
    """The label under which it was built; its family where that was not recorded."""
    return str(artifact.manifest["recorded"].get("label", artifact.manifest["family"]))


def _behind(store: Store, made: Made, key: str) -> Ancestor:
    artifact = input_of(store, made)
    if artifact is not None:
        return _ancestor(artifact)
    return Ancestor(label=made.label, family=made.family, key=key, folder=None)


def _ancestor(artifact: Artifact) -> Ancestor:
    decided, recorded = artifact.manifest["decided_by"], artifact.manifest["recorded"]
    return Ancestor(
        label=label_of(artifact),
        family=decided["family"],
        key=artifact.key,
        folder=artifact.folder,
        digest=artifact.manifest["result"]["digest"],
        settings=decided["settings"],
        parameters=recorded.get("parameters", {}),
        seeds=_seeds(decided["settings"]),
        code=decided["code"],
        libraries=decided["libraries"],
        git_commit=recorded.get("git_commit"),
        started=recorded.get("started"),
        inputs=made_from(artifact),
    )


def _seeds(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting that is a seed, by its path."""
    return {path: value for path, value in flat(settings).items() if path.rpartition(".")[2].endswith("seed")}
