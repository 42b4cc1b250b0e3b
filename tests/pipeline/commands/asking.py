"""A small real workspace: the image table of a file of captions, and the commands that are given in it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import commands
from tests.guarantees.workspaces import ask


@dataclass(frozen=True, kw_only=True)
class Small:
    """A workspace in which `ImageTable` was built from one file."""

    root: Path
    captions: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """What says to luigi which source is set."""
        return ("--sources-coco-captions", str(self.captions))

    @property
    def table(self) -> Path:
        """The artifact's folder."""
        return (self.root / "current" / "ImageTable").resolve()

    def ask(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Give multigrain's command."""
        return ask(verb, self.root, *arguments)

    def manifest(self) -> Any:
        """The table's manifest."""
        return json.loads((self.table / "manifest.json").read_text())


def small(folder: Path) -> Small:
    """Build the table below `folder`."""
    captions = folder / "captions.json"
    images = [
        {"id": number, "file_name": f"COCO_train2014_{number:012}.jpg", "width": 4, "height": 3} for number in (7, 8)
    ]
    captions.write_text(json.dumps({"images": images, "annotations": []}))
    given = Small(root=folder / "workspace", captions=captions)
    done = commands.run("ImageTable", given.root, *given.flags, "--seed", "5", cwd=folder)
    assert done.returncode == 0, done.stderr
    return given
