from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import ContractError
from report.ablation import gather, write
from report.ablation_inputs import Ablation, AblationInputs, Column, Curve, Question, Row

ABLATION = Ablation(
    title="<b>A table</b>",
    paper="A paper",
    rows=(
        Row(chain="none", group="none", about="nothing"),
        Row(chain="some", group="one", about="something", published={"mean": 70.25}, unsure=("mean",)),
        Row(chain="never", group="one", about="not trained"),
    ),
    columns=(
        Column(name="mean", benchmark="retrieval", group="image", metrics=("R@1", "R@5")),
        Column(name="other", benchmark="absent", group="image", metrics=("R@1",)),
    ),
    questions=(
        Question(text="Does something help?", row="some", other="none"),
        Question(text="Does what was not trained help?", row="never", other="none"),
    ),
)


def scores(folder: Path, name: str, low: float, high: float) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"scores": {"image": {"R@1": low, "R@5": high}}}))
    return path


@pytest.fixture
def inputs(tmp_path: Path) -> AblationInputs:
    """Means of 10, 20, 30 without and of 22, 28, 34 with something: differences of 12, 8, 4."""
    none = {seed: scores(tmp_path, f"none-{seed}", 10.0 * seed - 5, 10.0 * seed + 5) for seed in (1, 2, 3)}
    some = {seed: scores(tmp_path, f"some-{seed}", 16.0 + 6 * seed, 16.0 + 6 * seed) for seed in (1, 2, 3)}
    return AblationInputs(
        ablation=ABLATION,
        stages={"some": ["token: 3 updates"]},
        scores={("none", "retrieval"): none, ("some", "retrieval"): some},
        trainings=(6, 8),
        profile="smoke",
        is_world=True,
    )


def test_a_cell_is_the_mean_over_seeds_with_students_interval(inputs: AblationInputs) -> None:
    cell = gather(inputs).cells["none", "mean"]
    assert cell.values == {1: 10.0, 2: 20.0, 3: 30.0}
    assert cell.mean == pytest.approx(20.0)
    assert cell.half_width == pytest.approx(4.303 * 10 / 3**0.5)  # two degrees of freedom, deviation 10


def test_a_question_is_answered_by_differences_of_the_same_seeds(inputs: AblationInputs) -> None:
    (answer,) = gather(inputs).answers
    assert answer.differences["mean"].values == {1: 12.0, 2: 8.0, 3: 4.0}
    assert answer.differences["mean"].half_width == pytest.approx(4.303 * 4 / 3**0.5)  # 9.94, so that 8 is open
    assert answer.verdict("mean") == "open"


def test_a_difference_beyond_its_interval_is_an_answer_and_one_seed_is_none(
    inputs: AblationInputs, tmp_path: Path
) -> None:
    far = {seed: scores(tmp_path, f"far-{seed}", 80.0 + 10 * seed, 80.0 + 10 * seed) for seed in (1, 2, 3)}
    better = AblationInputs(**{**vars(inputs), "scores": {**inputs.scores, ("some", "retrieval"): far}})
    worse = AblationInputs(
        **{
            **vars(inputs),
            "scores": {("none", "retrieval"): far, ("some", "retrieval"): inputs.scores["none", "retrieval"]},
        }
    )
    single = AblationInputs(**{**vars(inputs), "scores": {key: {1: by[1]} for key, by in better.scores.items()}})
    verdicts = [gather(given).answers[0].verdict("mean") for given in (better, worse, single)]
    assert verdicts == ["yes", "no", "open"]
    assert gather(single).cells["some", "mean"].half_width is None


def test_columns_and_cells_that_were_not_measured_are_left_out(inputs: AblationInputs, tmp_path: Path) -> None:
    write(inputs, into=tmp_path, record=tmp_path)
    found = json.loads((tmp_path / "ablation.json").read_text())
    assert [column["name"] for column in found["columns"]] == ["mean"]
    assert [sorted(row["scores"]) for row in found["rows"]] == [["mean"], ["mean"], []]
    assert [answer["row"] for answer in found["answers"]] == ["some"]
    assert found["trainings"] == {"trained": 6, "without_sharing": 8}


def test_the_markdown_has_a_line_for_each_row_and_marks_what_is_unsure(inputs: AblationInputs, tmp_path: Path) -> None:
    write(inputs, into=tmp_path, record=tmp_path)
    lines = (tmp_path / "ablation.md").read_text().splitlines()
    assert "| `some` | something: token: 3 updates | 28.0 ± 14.9 | 70.25? |" in lines
    assert "| `never` | not trained | \N{EN DASH} | \N{EN DASH} |" in lines
    assert "| Does something help? | `some` - `none` | +8.0 ± 9.9 open |" in [line.rstrip() for line in lines]
    assert all(line.count("|") == lines[0].count("|") for line in lines[:5])


def test_the_page_escapes_texts_and_has_a_chart_for_each_column(inputs: AblationInputs, tmp_path: Path) -> None:
    write(inputs, into=tmp_path, record=tmp_path)
    page = (tmp_path / "ablation.html").read_text()
    assert "<b>A table</b>" not in page
    assert page.count("<figure>") == 1
    assert 'aria-label="mean by row: none 20.0, plus or minus 24.8; some 28.0, plus or minus 14.9."' in page


def test_equal_scores_give_equal_bytes(inputs: AblationInputs, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(inputs, into=tmp_path / name, record=tmp_path / name)
        written.append([(tmp_path / name / f"ablation.{kind}").read_bytes() for kind in ("json", "md", "html")])
    assert written[0] == written[1]


def test_scores_without_the_columns_metrics_are_refused(inputs: AblationInputs, tmp_path: Path) -> None:
    lacking = tmp_path / "lacking.json"
    lacking.write_text(json.dumps({"scores": {"image": {"R@1": 1.0}}}))
    wrong = replace(inputs, scores={("some", "retrieval"): {1: lacking}})
    with pytest.raises(ContractError, match=r"R@5"):
        gather(wrong)


def test_a_curve_meets_the_target_between_two_lengths_or_at_its_first_or_never(tmp_path: Path) -> None:
    # The target's mean is 50. "fast" has 40 at a half and 60 at the whole, so it is met at three quarters.
    rows = {"target": 50.0, "fast-half": 40.0, "fast": 60.0, "early-half": 55.0, "early": 70.0, "slow-half": 1.0}
    curves = tuple(Curve(name=name, rows={f"{name}-half": 0.5, name: 1.0}) for name in ("fast", "early", "slow"))
    made = AblationInputs(
        ablation=replace(
            ABLATION,
            rows=tuple(Row(chain=chain, group="one", about="") for chain in (*rows, "slow")),
            questions=(),
            curves=curves,
            target="target",
        ),
        stages={},
        scores={
            (chain, "retrieval"): {1: scores(tmp_path, chain, mean - 1, mean + 1)}
            for chain, mean in {**rows, "slow": 49.9}.items()
        },
        trainings=(1, 1),
        profile="smoke",
        is_world=True,
    )
    table = gather(made)
    assert [table.reached(curve, "mean") for curve in table.curves] == [pytest.approx(0.75), 0.5, None]
    write(made, into=tmp_path, record=tmp_path)
    assert json.loads((tmp_path / "ablation.json").read_text())["curves"][2]["reaches"] == {"mean": None}
    assert "| `fast` | 0.75 |" in (tmp_path / "ablation.md").read_text()
    page = (tmp_path / "ablation.html").read_text()
    assert "not reached" in page
    assert "mean by length: fast 40.0, 60.0; early 55.0, 70.0; slow 1.0, 49.9." in page


def test_without_its_target_or_with_one_length_a_table_draws_no_curve(inputs: AblationInputs) -> None:
    curves = (Curve(name="some", rows={"some": 0.5, "none": 1.0}),)
    with_curve = replace(inputs, ablation=replace(ABLATION, curves=curves, target="absent"))
    assert gather(with_curve).curves == ()
    with_target = replace(inputs, ablation=replace(ABLATION, curves=curves, target="none"))
    assert [curve.name for curve in gather(with_target).curves] == ["some"]
