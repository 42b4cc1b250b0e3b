"""`multigrain` given in this process: its exit code, and what it said."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import luigi
import pytest
from luigi.task_register import Register

import pipeline
from pipeline import cli


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """What it wrote, line by line, each cell apart by one space."""
        return [" ".join(line.split()) for line in self.out.splitlines()]


class Ask:
    """Give commands as a shell does."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str) -> Said:
        Register.clear_instance_cache()
        self._monkeypatch.setattr(sys, "argv", ["multigrain", *words])
        self._capsys.readouterr()
        try:
            cli.main()
            code: int | str | None = 0
        except SystemExit as end:
            code = end.code
        assert code is None or isinstance(code, int)
        said = self._capsys.readouterr()
        return Said(code=code or 0, out=said.out, err=said.err)


def build(**parameters: float) -> None:
    """Build the image table as a fresh command does."""
    Register.clear_instance_cache()
    task = pipeline.ImageTable(**parameters)
    assert luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
