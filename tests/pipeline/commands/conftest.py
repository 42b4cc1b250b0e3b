"""What tests of verbs share: the command in this process, with toy tasks or with an image table of one image."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import luigi.configuration
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline import known
from pipeline.cli import app
from tasks import pins
from tests.pipeline.commands.verbs import Ask, build
from tests.tasks.upkeep.toys import forget


@pytest.fixture
def give(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Gives `multigrain VERB ...` in the workspace, as a fresh command."""
    monkeypatch.setattr(known, "OUR_MODULES", (*known.OUR_MODULES, "tests"))

    def command(*arguments: str) -> Result:
        forget()
        return CliRunner().invoke(app, list(arguments))

    return command


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Gives `multigrain VERB ...` as a fresh command, through its own `main`."""
    return Ask(capsys, monkeypatch)


@pytest.fixture
def captions(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one source that is set: a file of captions with one image and no caption."""
    monkeypatch.setattr(pins, "_TRUSTED_AGE_NS", 0)
    file = tmp_path / "captions.json"
    image = {"id": 7, "file_name": "COCO_train2014_000000000007.jpg", "width": 4, "height": 3}
    file.write_text(json.dumps({"images": [image], "annotations": []}))
    luigi.configuration.get_config().set("sources", "coco_captions", str(file))
    return file


@pytest.fixture
def built(workspace: Path, captions: Path) -> Path:
    """The workspace after `ImageTable`."""
    build()
    return workspace
