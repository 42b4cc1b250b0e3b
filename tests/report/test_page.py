import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from report.contents import ReportInputs
from report.page import per_cent, shown, write

MakeInputs = Callable[..., ReportInputs]
ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """What the tests look at: tags with their attributes, the numbers of `<data>`, and the text."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed((folder / "report.html").read_text("utf-8"))
        self.numbers = [float(fields["value"] or "nan") for tag, fields in self.tags if tag == "data"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def written(make_inputs: MakeInputs, tmp_path: Path) -> Callable[..., Path]:
    """Writes the report of the invented run and gives its folder."""

    def write_report(**fields: Any) -> Path:
        folder = tmp_path / "report"
        folder.mkdir()
        write(make_inputs(**fields), into=folder)
        return folder

    return write_report


def numbers_of(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def test_every_number_of_the_page_is_in_the_json(written: Callable[..., Path]) -> None:
    folder = written()
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert set(Page(folder).numbers) <= set(numbers_of(report))


def test_every_result_of_the_json_is_on_the_page(written: Callable[..., Path]) -> None:
    folder = written()
    report = json.loads((folder / "report.json").read_text("utf-8"))
    held_out = [stage["held_out"] for stage in report["stages"].values()]
    assert set(numbers_of([report["corpora"], held_out, report["benchmarks"]])) <= set(Page(folder).numbers)


def test_the_json_keeps_its_layout(written: Callable[..., Path]) -> None:
    report = json.loads((written() / "report.json").read_text("utf-8"))
    assert report["format"] == 1
    assert sorted(report) == [
        "benchmarks", "corpora", "curriculum", "format", "is_trial_run", "is_world", "left_out",
        "missing", "profile", "stages", "title",
    ]  # fmt: skip
    assert sorted(report["stages"]["token"]) == ["curves", "held_out"]
    assert sorted(report["stages"]["token"]["held_out"]["mlm"]) == [
        "best_blind", "blind", "lower_is_better", "margin", "metric", "model", "num_rows",
    ]  # fmt: skip


def test_texts_from_data_are_escaped(make_inputs: MakeInputs, tmp_path: Path) -> None:
    attack = "<script>alert(1)</script>&\"'"
    inputs = make_inputs(title=attack, left_out=(attack,))
    counts = {"read": 1, "rows": {attack: 1}, "images": {}, "rejected": {attack: 1}, "notes": {attack: 1}}
    (tmp_path / "TokenCorpus" / "counts.json").write_text(json.dumps(counts))
    number = {"metric": "loss", "model": 1, "blind": {attack: 2}, "num_rows": 1}
    (tmp_path / "token" / "held_out.json").write_text(json.dumps({"mlm": number, attack: number}))
    write(inputs, into=tmp_path)
    page = Page(tmp_path)
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count(attack) >= 6


def test_equal_inputs_give_equal_bytes_in_any_process(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    program = (
        "import pickle, sys; from pathlib import Path; from report.page import write; "
        "write(pickle.load(sys.stdin.buffer), into=Path(sys.argv[1]))"
    )
    folders = [tmp_path / "one", tmp_path / "two"]
    for seed, folder in enumerate(folders):
        folder.mkdir()
        (folder / "matplotlibrc").write_text("lines.linewidth: 7\n" if seed else "")
        environment = {"PYTHONHASHSEED": str(seed), "HOME": str(tmp_path), "MATPLOTLIBRC": str(folder)}
        arguments = [sys.executable, "-c", program, str(folder)]
        subprocess.run(arguments, input=pickle.dumps(inputs), check=True, cwd=ROOT, env=environment)
    for name in ("report.html", "report.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_the_page_needs_nothing_from_outside(written: Callable[..., Path]) -> None:
    page = Page(written())
    links = [fields.get(name) for _, fields in page.tags for name in ("src", "href", "xlink:href", "data")]
    assert all(link.startswith("#") for link in links if link is not None)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)


def test_links_lead_somewhere_and_no_id_is_used_twice(written: Callable[..., Path]) -> None:
    page = Page(written())
    ids = [fields["id"] for _, fields in page.tags if "id" in fields]
    assert len(ids) == len(set(ids))
    targets = {(fields.get("href") or fields.get("xlink:href") or "")[1:] for _, fields in page.tags}
    assert targets - {""} <= set(ids)


def test_charts_have_an_alternative_text_with_their_numbers(written: Callable[..., Path]) -> None:
    charts = [fields for tag, fields in Page(written()).tags if tag == "svg"]
    assert len(charts) == 5 + 5 + 6
    assert all(fields["role"] == "img" for fields in charts)
    labels = [fields["aria-label"] or "" for fields in charts]
    assert any(label.endswith("held out 0.810, best blind predictor (mean of the triplet) 0.900.") for label in labels)


def test_charts_take_their_colours_from_the_style_sheet(written: Callable[..., Path]) -> None:
    html = (written() / "report.html").read_text("utf-8")
    charts = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert "var(--model)" in charts
    assert "var(--blind)" in charts
    assert not re.search(r"(fill|stroke): #", charts)


def test_published_numbers_are_marked_unless_training_had_the_papers_data_and_sizes(
    written: Callable[..., Path],
) -> None:
    assert Page(written()).text.count("published, not comparable") == 2


def test_published_numbers_are_marked_unless_the_benchmark_has_the_papers_data(
    make_inputs: MakeInputs, tmp_path: Path
) -> None:
    inputs = make_inputs(is_world=False, profile="paper", is_comparable=True)
    scores = tmp_path / "retrieval" / "scores.json"
    scores.write_text(json.dumps({**json.loads(scores.read_text()), "comparable": False}))
    write(inputs, into=tmp_path)
    assert Page(tmp_path).text.count("published, not comparable") == 2


def test_comparable_numbers_are_not_marked(written: Callable[..., Path]) -> None:
    assert "not comparable" not in Page(written(is_world=False, profile="paper", is_comparable=True)).text


def test_a_trial_run_says_so(written: Callable[..., Path]) -> None:
    assert "Trial run." in Page(written(is_world=False)).text


def test_a_run_that_left_nothing_is_said_to_have_left_nothing(written: Callable[..., Path]) -> None:
    page = Page(written(corpora={}, stages={}, benchmarks={}, left_out=()))
    assert "No corpus was handed to this report." in page.text
    assert "No benchmark was run." in page.text
    assert page.text.count("Not trained in this run.") == 3
    assert "stage sentence: not trained" in page.text
    assert page.numbers == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (260, "260"),
        (616767, "616\u202f767"),
        (1.39, "1.39"),
        (0.05921, "0.0592"),
        (42.42, "42.4"),
        (500.4, "500"),
        (1234.5, "1\u202f234"),
        (-0.25, "\u22120.250"),
        (0.9999, "1.00"),
    ],
)
def test_numbers_are_shown_as_they_are_read(value: float, text: str) -> None:
    assert shown(value) == text


def test_scores_have_the_two_decimals_of_papers() -> None:
    assert (per_cent(49), per_cent(68.7), per_cent(0.384615)) == ("49.00", "68.70", "0.38")
