import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from data import schema
from report.charts import epoch_chart
from report.contents import Epoch
from report.inputs import BenchmarkFolders, DagNode, ReportInputs
from report.wording import duration, num_bytes, per_cent, shown
from tests.report import run
from tests.report.conftest import Page, report_of

MakeInputs = Callable[..., ReportInputs]
Written = Callable[..., Page]
ROOT = Path(__file__).parents[2]


def numbers_of(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        yield float(len(value))
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def test_every_number_of_the_page_is_in_the_json(page: Page) -> None:
    assert set(page.numbers) <= set(numbers_of(page.report))


def test_every_score_of_the_json_is_on_the_page(page: Page) -> None:
    scores = [
        [benchmark[field] for field in ("sizes", "scores", "text_only", "baselines", "after", "published", "by_kind")]
        for benchmark in page.report["benchmarks"].values()
    ]
    held_out = [list(stage["held_out"].values()) for stage in page.report["stages"].values()]
    counts = [[corpus[field] for field in ("rows", "images", "notes")] for corpus in page.report["corpora"].values()]
    counts += [[leak[name] for name in leak if name.startswith("num_")] for leak in page.report["leaks"]]
    lengths = {float(number) for number in range(10)}  # of the lists
    assert set(numbers_of([scores, held_out, counts])) - lengths <= set(page.numbers)


def test_the_json_keeps_its_layout(page: Page) -> None:
    report = page.report
    assert report["format"] == 3
    assert sorted(report) == [
        "benchmarks", "corpora", "curriculum", "dag", "fine_tunings", "format", "is_trial_run", "is_unlearnt",
        "is_world", "leaks", "left_out", "missing", "paper", "peers", "profile", "stages", "tagger",
        "title", "trained",
    ]  # fmt: skip
    assert sorted(report["stages"]["token"]) == ["curves", "held_out"]
    assert sorted(report["stages"]["token"]["held_out"]["mlm"]) == [
        "best_blind", "blind", "lower_is_better", "margin", "metric", "model", "num_rows",
    ]  # fmt: skip
    assert sorted(report["corpora"]["TokenCorpus"]) == [
        "dropped", "images", "notes", "num_dropped", "num_read", "rows", "samples",
    ]  # fmt: skip
    assert sorted(report["fine_tunings"]["vqa.after.token"]) == ["best", "curves", "epochs", "metric", "settings"]
    assert sorted(report["benchmarks"]["vqa"]) == [
        "about", "address", "after", "baselines", "by_kind", "changes", "data", "is_comparable", "is_zero_shot",
        "main", "predictions", "protocol", "published", "scores", "sizes", "split", "text_only", "title",
    ]  # fmt: skip


def test_texts_from_data_are_escaped(make_inputs: MakeInputs, tmp_path: Path) -> None:
    attack = "<script>alert(1)</script>&\"'"
    inputs = make_inputs(
        title=attack,
        left_out=(attack,),
        benchmarks={"vqa": BenchmarkFolders(pair=attacked_evaluation(tmp_path / "attacked", attack))},
        dag=(DagNode(name=attack, family=attack, seconds=1.0, num_bytes=1, num_rows=1, needs=()),),
    )
    counts = {"read": 1, "rows": {attack: 1}, "images": {}, "rejected": {attack: 1}, "notes": {attack: 1}}
    (tmp_path / "TokenCorpus" / "counts.json").write_text(json.dumps(counts))
    number = {"metric": "loss", "model": 1, "blind": {attack: 2}, "num_rows": 1}
    (tmp_path / "token" / "held_out.json").write_text(json.dumps({"mlm": number, attack: number}))
    page = report_of(inputs, tmp_path / "out")
    assert "script" not in {tag for tag, _ in page.tags}
    assert "javascript:" not in {(fields.get("href") or "")[:11] for _, fields in page.tags}
    assert page.text.count(attack) >= 20


def attacked_evaluation(folder: Path, attack: str) -> Path:
    """An evaluation whose every text is the attack, its address a script."""
    scores = {
        **run.VQA,
        **dict.fromkeys(("title", "about", "protocol", "split"), attack),
        "address": "javascript:alert(1)",
        "data": [attack],
        "main": [attack, attack],
        "scores": {attack: {attack: 1}},
        "by_kind": {attack: {"num_rows": 1, "model": 1}},
        "published": {attack: {attack: {attack: 1}}},
    }
    run.write_evaluation(folder, scores, {})
    row = run.prediction(1, attack)
    texts = {"text": attack, "kind": attack, "truth": [attack], "image_ids": [attack]}
    run.write_rows(folder / "predictions.parquet", [{**row, **texts}], schema.PREDICTIONS)
    return folder


def test_equal_inputs_give_equal_bytes_in_any_process(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    program = (
        "import pickle, sys; from pathlib import Path; from report.page import write; "
        "folder = Path(sys.argv[1]); write(pickle.load(sys.stdin.buffer), into=folder, record=folder)"
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


def test_what_a_run_cost_is_on_the_page_and_not_in_the_json(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    slower = tuple(DagNode(**{**vars(node), "seconds": 9.5, "num_bytes": 5}) for node in inputs.dag)
    one = report_of(inputs, tmp_path / "one")
    two = report_of(ReportInputs(**{**vars(inputs), "dag": slower}), tmp_path / "two")
    assert one.report == two.report
    assert one.html != two.html
    assert "1\u202fh 2\u202fmin" in one.text  # 12.5 s and 3,725 s
    assert "28\u202fs" in two.text  # three times 9.5 s
    assert str(tmp_path) not in one.html


def test_no_picture_is_in_the_json_and_none_decides_it(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    one = report_of(inputs, tmp_path / "one")
    two = report_of(ReportInputs(**{**vars(inputs), "pictures": {}}), tmp_path / "two")
    assert one.report == two.report
    assert "data:image/jpeg" in one.html
    assert "data:image" not in two.html
    assert "No picture was at hand" in two.text


def test_the_page_needs_nothing_from_outside(page: Page) -> None:
    loaded = [fields.get(name) for tag, fields in page.tags for name in ("src", "href", "xlink:href") if tag != "a"]
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in loaded if link is not None)
    assert {"script", "link", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)
    assert "url(http" not in page.html
    assert {fields["href"] for tag, fields in page.tags if tag == "a" and fields["href"][0] != "#"} == {  # type: ignore[index]
        "https://visualqa.org"
    }


def test_links_lead_somewhere_and_no_id_is_used_twice(page: Page) -> None:
    ids = [fields["id"] for _, fields in page.tags if "id" in fields]
    assert len(ids) == len(set(ids))
    links = [fields.get("href") or fields.get("xlink:href") or "" for _, fields in page.tags]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_every_picture_and_chart_has_an_alternative_text(page: Page) -> None:
    drawn = [fields for tag, fields in page.tags if tag in ("svg", "img")]
    assert all(fields["role"] == "img" and fields["aria-label"] for fields in drawn)
    labels = [fields["aria-label"] or "" for fields in drawn]
    assert any(label.endswith("held out 0.810, best blind predictor (mean of the triplet) 0.900.") for label in labels)
    assert any("(1: 50.5, 2: 58.8, 3: 57.1); kept: epoch 2." in label for label in labels)
    assert "Image coco:1; regions: 1 cone, 2 cat" in labels
    assert "Image coco:6, not to be had" in {label.partition(";")[0] for label in labels}
    assert sum("loss over" in label for label in labels) == 5 + 5 + 6 + 1


@pytest.mark.parametrize(("num_epochs", "ticks"), [(1, ["1"]), (3, ["1", "2", "3"])])
def test_epochs_are_whole_numbers_on_their_axis(num_epochs: int, ticks: list[str]) -> None:
    epochs = [Epoch(epoch=number, step=10 * number, validation=50.0 + number) for number in range(1, num_epochs + 1)]
    chart = ElementTree.fromstring(epoch_chart(epochs, best=1, name="epochs", description="by epoch"))
    axis = next(group for group in chart.iter() if group.get("id", "").endswith("matplotlib.axis_1"))
    assert [text.text for text in axis.iter() if text.tag.endswith("text")] == ticks


def test_charts_take_their_colours_from_the_style_sheet(page: Page) -> None:
    charts = "".join(re.findall(r"<svg.*?</svg>", page.html, flags=re.DOTALL))
    assert "var(--model)" in charts
    assert "var(--blind)" in charts
    assert not re.search(r"(fill|stroke): #", charts)


def test_published_numbers_are_marked_unless_training_had_the_papers_data_and_sizes(page: Page) -> None:
    assert page.text.count("published, not comparable") == 2 + 2 + 3  # columns of the overview, benchmarks, paper
    assert page.text.count("Not comparable") == 2


def test_a_headline_names_the_best_of_what_knows_less(page: Page) -> None:
    headline = page.html.partition('<dl class="headline">')[2].partition("</dl>")[0]
    assert re.findall(r'class="aside">([\w ]+) <data value="([0-9.]+)">', headline) == [
        ("text only", "44.25"),
        ("chance", "0.38"),
    ]


def test_marks_are_explained_and_rows_that_are_neither_right_nor_wrong_are_counted(
    make_inputs: MakeInputs, tmp_path: Path
) -> None:
    inputs = make_inputs()
    rows = [{**run.prediction(number, "yes"), "credit": credit} for number, credit in enumerate((1.0, 0.3, 0.0))]
    rows[0]["probabilities"] = [0.75, 0.5]
    run.write_rows(tmp_path / "vqa" / "predictions.parquet", rows, schema.PREDICTIONS)
    text = report_of(
        ReportInputs(**{**vars(inputs), "benchmarks": {"vqa": inputs.benchmarks["vqa"]}}), tmp_path / "o"
    ).text
    said = re.sub(r"\s+", " ", text)
    assert "✓ right, (✓) right in part. A row counts as right if its first answer earns at least half a point" in said
    assert "1 rows are right, 1 wrong, 1 neither" in said
    assert "Each answer is judged on its own, so the probabilities of one row need not add up to 100 %." in said


def test_it_is_said_why_retrieval_has_no_baseline_without_images(page: Page) -> None:
    assert "In retrieval neither is measured" in page.text


def test_answers_of_several_people_are_shown_with_how_many_gave_them(page: Page) -> None:
    assert "two 2 · three 1" in page.text


def test_comparable_numbers_are_not_marked(written: Written) -> None:
    page = written(is_world=False, profile="paper", is_comparable=True)
    assert "not comparable" not in page.text.casefold()
    assert "published" in page.text


def test_a_trial_run_says_so(written: Written) -> None:
    text = written(is_world=False).text
    assert "Trial run." in text
    assert "Nothing is learnt" not in text


def test_a_smoke_run_says_that_nothing_is_learnt(written: Written) -> None:
    text = written(profile="smoke").text
    assert "Nothing is learnt here." in text
    assert "Trial run." not in text


def test_a_run_that_left_nothing_is_said_to_have_left_nothing(written: Written) -> None:
    nothing: dict[str, Any] = {"corpora": {}, "stages": {}, "benchmarks": {}, "fine_tunings": {}, "left_out": ()}
    page = written(**nothing, dag=(), regions=None, images=None, pictures={}, tagger=None, leaks=None)
    assert "No corpus was handed to this report." in page.text
    assert "No benchmark was run." in page.text
    assert page.text.count("Not trained in this run.") == 3
    assert "stage sentence: not trained" in page.text
    assert "Not complete." in page.text
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


def test_times_are_shown_in_their_two_largest_units() -> None:
    spoken = [duration(seconds).replace("\u202f", " ") for seconds in (None, 0.04, 9.94, 59.6, 61, 3725)]
    assert spoken == ["\N{EN DASH}", "0.0 s", "9.9 s", "1 min 0 s", "1 min 1 s", "1 h 2 min"]


def test_sizes_are_shown_in_the_unit_that_fits() -> None:
    spoken = [num_bytes(count).replace("\u202f", " ") for count in (0, 999, 1000, 9_960, 999_600, 3.4e9, 2.5e12)]
    assert spoken == ["0 B", "999 B", "1.0 kB", "10 kB", "1.0 MB", "3.4 GB", "2.5 TB"]


def test_the_best_answer_of_a_question_is_right_and_what_others_said_right_in_part(
    make_inputs: MakeInputs, tmp_path: Path
) -> None:
    inputs = make_inputs()
    row = {**run.prediction(1, "yes"), "truth": ["yes", "perhaps"]}
    run.write_rows(tmp_path / "retrieval" / "predictions.parquet", [row], schema.PREDICTIONS)
    fields = {**vars(inputs), "benchmarks": {"retrieval": inputs.benchmarks["retrieval"]}}
    of_a_question = report_of(ReportInputs(**fields), tmp_path / "question")
    run.write_rows(tmp_path / "retrieval" / "predictions.parquet", [{**row, "text": ""}], schema.PREDICTIONS)
    of_an_image = report_of(ReportInputs(**fields), tmp_path / "image")
    verdicts = [
        [fields["aria-label"] for tag, fields in page.tags if (fields.get("aria-label") or "").startswith("right")]
        for page in (of_a_question, of_an_image)
    ]
    assert verdicts == [["right", "right in part"], ["right", "right"]]
