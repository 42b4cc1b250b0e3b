"""A job file: what the process that trains or evaluates is to do (docs/formats.md, "A training job")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from data.errors import UserError
from model.spec_json import from_plain

Spec = TypeVar("Spec")


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where the inputs lie, and where results go. `spec` and `network` are still plain: see `read_spec`."""

    path: Path
    spec: Any
    network: Any
    inputs: Mapping[str, Path]
    corpora: Mapping[str, Path]
    folders: Mapping[str, tuple[Path, ...]]  # of the user's pictures by source, where the store keeps none
    result: Path
    record: Path
    checkpoints: Path
    checkpoint_every_s: float

    def folder(self, name: str) -> Path:
        """The folder of one input. Raises UserError where the job does not name it."""
        return _named(self.inputs, name, self.path, "inputs")

    def corpus(self, name: str) -> Path:
        """The folder of one corpus. Raises UserError where the job does not name it."""
        return _named(self.corpora, name, self.path, "inputs.corpora")

    def read_spec(self, kind: type[Spec], plain: Any) -> Spec:
        """A spec of this job. Raises UserError where it is not one."""
        try:
            return from_plain(kind, plain)
        except (TypeError, KeyError, ValueError) as error:
            raise _malformed(self.path, f"a {kind.__name__} spec", str(error)) from error

    def digest(self) -> str:
        """What decides the training: the specs, and the names and sizes of the files read.

        Sizes stand in for content, since hashing a region store takes longer than many a stage, and the folder that
        the checkpoints lie in is already named by the content of all inputs.
        """
        folders = {**self.inputs, **{f"corpora.{name}": folder for name, folder in self.corpora.items()}}
        files = {
            f"{name}/{path.relative_to(folder)}": path.stat().st_size
            for name, folder in folders.items()
            for path in (folder, *folder.rglob("*"))
            if path.is_file()
        }
        decided = json.dumps({"spec": self.spec, "network": self.network, "files": files}, sort_keys=True)
        return hashlib.sha256(decided.encode()).hexdigest()


def read(path: Path) -> Job:
    """The job in a file. Raises UserError."""
    try:
        plain = json.loads(path.read_text("utf-8"))
        inputs = {name: Path(folder) for name, folder in plain["inputs"].items() if isinstance(folder, str)}
        return Job(
            path=path,
            spec=plain["spec"],
            network=plain["network"],
            inputs=inputs,
            corpora={name: Path(folder) for name, folder in plain["inputs"]["corpora"].items()},
            folders={
                name: tuple(map(Path, given)) for name, given in plain["inputs"].get("picture_folders", {}).items()
            },
            result=Path(plain["result"]),
            record=Path(plain["record"]),
            checkpoints=Path(plain["checkpoints"]),
            checkpoint_every_s=float(plain["checkpoint_every_s"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _malformed(path, "a job file", f"{type(error).__name__}: {error}") from error


def _named(folders: Mapping[str, Path], name: str, job: Path, where: str) -> Path:
    if name not in folders:
        raise UserError(
            expected=f"{where} to name {name!r}",
            found=f"only {', '.join(sorted(folders)) or 'nothing'}",
            where=str(job),
            way_out=f"add {name!r} to {where}",
        )
    return folders[name]


def _malformed(path: Path, expected: str, found: str) -> UserError:
    return UserError(
        expected=f"{expected} (docs/formats.md)", found=found[:300], where=str(path), way_out="mend the job file"
    )
