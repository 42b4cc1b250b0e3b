"""The fixtures that write a whole invented run (tests/report/run.py), and the report of it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from model.spec_json import to_plain
from report.inputs import BenchmarkFolders, DagNode, ReportInputs
from report.page import write
from tests.report import run

MakeInputs = Callable[..., ReportInputs]


class Page(HTMLParser):
    """What the tests look at: tags with their attributes, the numbers of `<data>`, the text, and the JSON."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.html = (folder / "record" / "report.html").read_text("utf-8")
        self.feed(self.html)
        self.numbers = [float(fields["value"] or "nan") for tag, fields in self.tags if tag == "data"]
        self.report = json.loads((folder / "result" / "report.json").read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def inputs_of(folder: Path, **fields: Any) -> ReportInputs:
    """Writes a whole run below a folder and gives its inputs; keywords replace fields of them."""
    corpora = {name: run.write_corpus(folder / name, n) for n, name in enumerate(run.CORPORA.values(), 1)}
    return ReportInputs(
        **{
            "title": "Token, phrase, sentence on a generated world",
            "is_world": True,
            "profile": "miniature",
            "curriculum": to_plain(run.curriculum()),
            "corpora": {**corpora, "rows of VQA v2": run.write_questions(folder / "questions")},
            "stages": {name: run.write_stage(folder / name, name) for name in run.OBJECTIVES},
            "stage_corpora": {name: (corpus,) for name, corpus in run.CORPORA.items()},
            "records": {"token": run.write_record(folder / "record", 3725.0)},
            "benchmarks": benchmarks(folder),
            "fine_tunings": {"vqa.after.token": run.write_fine_tuning(folder / "tuning")},
            "dag": dag(),
            "regions": run.write_regions(folder / "regions"),
            "images": run.write_images(folder / "images"),
            "pictures": {"coco_images": (run.write_pictures(folder / "pictures"),)},
            "tagger": run.write_tagger(folder / "tagger"),
            "leaks": run.write_leaks(folder / "leaks"),
            "peers": ("LXMERT-S", "LXMERT"),
            "is_in_msp_paper": True,
            "left_out": ("GQA: no questions are set ([sources] gqa_questions).",),
            **fields,
        }
    )


def benchmarks(folder: Path) -> dict[str, BenchmarkFolders]:
    """VQA in all its variants, and retrieval zero-shot. After the stages, rows 0 and 1 change to what is right."""
    worse = {**run.VQA, "scores": {"questions": {"official accuracy": 45.5, "soft score": 44.25}}}
    vqa = BenchmarkFolders(
        pair=run.write_evaluation(folder / "vqa", run.VQA, {"vqa:00": "yes", "vqa:01": "yes", "vqa:02": "yes"}),
        text=run.write_evaluation(folder / "vqa_text", worse, {}),
        after={
            "phrase": run.write_evaluation(folder / "vqa_phrase", worse, {"vqa:00": "yes", "vqa:02": "yes"}),
            "token": run.write_evaluation(folder / "vqa_token", worse, {"vqa:02": "yes", "vqa:03": "maybe"}),
        },
    )
    retrieval = BenchmarkFolders(pair=run.write_evaluation(folder / "retrieval", run.RETRIEVAL, {"vqa:05": "yes"}))
    return {"vqa": vqa, "retrieval": retrieval}


def dag() -> tuple[DagNode, ...]:
    """World -> ImageTable -> TokenStage, which also names the World."""
    return (
        DagNode(name="World", family="World", seconds=12.5, num_bytes=3_400_000, num_rows=None, needs=()),
        DagNode(name="ImageTable", family="ImageTable", seconds=None, num_bytes=900, num_rows=6, needs=("World",)),
        DagNode(
            name="FineTune-vqa-after_token",
            family="FineTune",
            seconds=3725.0,
            num_bytes=0,
            num_rows=7,
            needs=("World", "ImageTable"),
        ),
    )


@pytest.fixture
def make_inputs(tmp_path: Path) -> MakeInputs:
    """Writes a whole run under tmp_path and gives its inputs; keywords replace fields of them."""
    return functools.partial(inputs_of, tmp_path)


@pytest.fixture
def written(make_inputs: MakeInputs, tmp_path: Path) -> Callable[..., Page]:
    """Writes the report of the invented run, fields replaced, and gives what is in it."""
    return lambda **fields: report_of(make_inputs(**fields), tmp_path / "out")


@pytest.fixture(scope="session")
def report_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of the invented run as it is; to be read only."""
    folder = tmp_path_factory.mktemp("report")
    report_of(inputs_of(folder), folder / "out")
    return folder / "out"


@pytest.fixture
def page(report_folder: Path) -> Page:
    """The report of the invented run as it is."""
    return Page(report_folder)


def report_of(inputs: ReportInputs, folder: Path) -> Page:
    """The report of these inputs, written below a folder."""
    for name in ("result", "record"):
        (folder / name).mkdir(parents=True)
    write(inputs, into=folder / "result", record=folder / "record")
    return Page(folder)
