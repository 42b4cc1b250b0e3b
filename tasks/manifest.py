"""An artifact on the disk: its manifest, the digests of its files, and whether they are as they were published."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.digests import digest_of, file_digest, files_below, make_durable

MANIFEST = "manifest.json"
BLOCK_BYTES = 16 * 2**20
"""What a manifest has a checksum of, so that `verify` can say where a large file is damaged."""
OnRead = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A file of an artifact that is not what its manifest says; `blocks` are the numbers of bad ones, from 0."""

    path: str
    what: str
    blocks: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A published artifact: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The digest of what decided it, which is the name of its folder."""
        return str(self.manifest["key"])

    @property
    def result(self) -> Path:
        """The folder that descendants read."""
        return self.folder / "result"

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """The result's files by relative path: sha256, bytes, checksums of blocks, and rows where it is a table."""
        files: Mapping[str, Mapping[str, Any]] = self.manifest["result"]["files"]
        return files

    def digest(self, results: tuple[str, ...] = ()) -> str:
        """The digest of the named results (files, or folders and all below them); of everything where none is named."""
        return digest_of(_digests(self._named(results)))

    def num_bytes(self, results: tuple[str, ...] = ()) -> int:
        """The size of the named results, or of all."""
        return sum(entry["bytes"] for entry in self._named(results).values())

    def _named(self, results: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
        return {path: entry for path, entry in self.files.items() if _is_among(path, results)}

    def damage(self, *, reads_all: bool = False, on_read: OnRead | None = None) -> Iterator[Damage]:
        """Every file that is not as it was published.

        A file of the same size, times and inode counts as the one that was published and is not read, unless
        `reads_all`; one of other times or inode (a copied workspace) is read, and is good if its content is.
        `on_read` is given the number of bytes of every block that was read.
        """
        for path, entry in self.files.items():
            found = self._damage_of(path, entry, reads_all=reads_all, on_read=on_read)
            if found is not None:
                yield found

    def _damage_of(
        self, path: str, entry: Mapping[str, Any], *, reads_all: bool, on_read: OnRead | None
    ) -> Damage | None:
        stamp = _stamp(self.result / path)
        if stamp is None:
            return Damage(path=path, what="it is not there")
        if stamp[0] != entry["bytes"]:
            return Damage(path=path, what=f"it has {stamp[0]:,} bytes, not {entry['bytes']:,}")
        if not reads_all and stamp == self.manifest["stamps"].get(path):
            return None
        try:
            digest, blocks = _sums(self.result / path, on_read)
        except OSError as error:
            return Damage(path=path, what=f"it cannot be read: {error.strerror}")
        if digest == entry["sha256"]:
            return None
        bad = [
            number
            for number, (is_, was) in enumerate(zip(blocks, entry.get("blocks", blocks), strict=False))
            if is_ != was
        ]
        return Damage(path=path, what="its content has changed", blocks=tuple(bad))

    def is_stamped(self) -> bool:
        """Whether all files have the times and inodes that the manifest notes."""
        return all(_stamp(self.result / path) == self.manifest["stamps"].get(path) for path in self.files)


def read_manifest(folder: Path) -> Artifact | None:
    """What was published in a folder, whole or not; None where there is no manifest that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["result"]["digest"] != digest_of(_digests(manifest["result"]["files"])):
            return None
        return Artifact(folder=folder, manifest={"stamps": {}, **manifest})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make what was built in `folder` durable and its result read-only, then write its manifest.

    An empty result is our own mistake, and an assertion.
    """
    files = {path: _describe(file) for path, file in files_below(folder / "result")}
    assert files, f"{manifest['family']} wrote nothing"
    for _, file in files_below(folder / "result"):
        file.chmod(0o444)
    for path in (*sorted(folder.rglob("*")), folder):
        make_durable(path)
    stamps = {path: _stamp(folder / "result" / path) for path in files}
    result = {"files": files, "digest": digest_of(_digests(files))}
    write_manifest(folder, {**manifest, "result": result, "stamps": stamps})


def stamp(artifact: Artifact) -> None:
    """Note the times and inodes of an artifact that was found whole, so that it need not be read again."""
    stamps = {path: _stamp(artifact.result / path) for path in artifact.files}
    write_manifest(artifact.folder, {**artifact.manifest, "stamps": stamps})


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write it whole or not at all, durably."""
    aside = folder / f".{MANIFEST}-{os.getpid()}"
    aside.write_text(json.dumps(manifest, sort_keys=True, indent=2) + "\n", "utf-8")
    make_durable(aside)
    aside.replace(folder / MANIFEST)
    make_durable(folder)


def _is_among(path: str, results: tuple[str, ...]) -> bool:
    return not results or any(path == name or path.startswith(f"{name}/") for name in results)


def _digests(files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {path: entry["sha256"] for path, entry in files.items()}


def _describe(file: Path) -> dict[str, Any]:
    digest, blocks = _sums(file)
    entry: dict[str, Any] = {"sha256": digest, "bytes": file.stat().st_size, "blocks": blocks}
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        entry["rows"] = pq.read_metadata(file).num_rows
    return entry


def _sums(file: Path, on_read: OnRead | None = None) -> tuple[str, list[str]]:
    """The SHA-256 of a file, and the CRC-32 of each of its blocks: the first decides, the second tells where."""
    sums: list[int] = []
    num_bytes = 0

    def on_block(block: bytes) -> None:
        nonlocal num_bytes
        if num_bytes % BLOCK_BYTES == 0:
            sums.append(0)
        sums[-1] = zlib.crc32(block, sums[-1])
        num_bytes += len(block)
        if on_read is not None:
            on_read(len(block))

    digest = file_digest(file, on_block=on_block)
    return digest, [f"{number:08x}" for number in sums]


def _stamp(path: Path) -> list[int] | None:
    """What tells without reading that a file is the one that was written: bytes, mtime_ns, ctime_ns, inode."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
