import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import ContractError
from report.contents import ReportInputs
from report.gather import gather

MakeInputs = Callable[..., ReportInputs]


def test_a_loss_is_ahead_by_the_share_it_is_below_the_best_blind_predictor(make_inputs: MakeInputs) -> None:
    ifrs = gather(make_inputs()).stages["token"].held_out["ifrs"]
    assert ifrs.best_blind == "mean_of_the_triplet"
    assert ifrs.margin == pytest.approx(1 - 0.81 / 0.9)


def test_a_score_is_ahead_by_the_difference(make_inputs: MakeInputs) -> None:
    contents = gather(make_inputs())
    assert contents.stages["phrase"].held_out["titp"].margin == 0.5
    assert contents.stages["sentence"].held_out["tits"].margin == -0.25


@pytest.mark.parametrize("blind", [{}, {"perfect": 0.0}])
def test_without_a_blind_loss_to_divide_by_there_is_no_margin(
    make_inputs: MakeInputs, tmp_path: Path, blind: dict[str, float]
) -> None:
    inputs = make_inputs()
    held_out = {"mlm": {"metric": "loss", "model": 1.0, "blind": blind, "num_rows": 3}}
    (tmp_path / "token" / "held_out.json").write_text(json.dumps(held_out))
    assert gather(inputs).stages["token"].held_out["mlm"].margin is None


def test_dropped_rows_are_summed_and_the_commonest_reason_comes_first(make_inputs: MakeInputs) -> None:
    corpus = gather(make_inputs()).corpora["TokenCorpus"]
    assert corpus.num_dropped == 80
    assert list(corpus.dropped.items()) == [("has a verb", 64), ("no region features", 15), ("empty text", 1)]
    assert list(corpus.rows) == ["train", "validation", "test"]


def test_a_note_of_nothing_is_left_out(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    (tmp_path / "TokenCorpus" / "counts.json").write_text('{"read": 1, "notes": {"mean cosine": null, "rows": 2}}')
    assert gather(inputs).corpora["TokenCorpus"].notes == {"rows": 2}


def test_curves_and_objectives_come_in_the_order_of_the_curriculum(make_inputs: MakeInputs) -> None:
    stage = gather(make_inputs()).stages["sentence"]
    assert list(stage.curves) == ["total", "mlm", "mrfr", "moc", "tits", "itm_hs"]
    assert list(stage.held_out) == ["mlm", "mrfr", "moc", "tits", "itm_hs"]


def test_ranks_come_in_the_order_of_their_numbers(make_inputs: MakeInputs) -> None:
    benchmark = gather(make_inputs()).benchmarks["retrieval"]
    assert list(benchmark.scores["image_retrieval"]) == ["R@1", "R@5", "R@10"]
    assert benchmark.sizes == {"images": 260, "texts": 260}


def test_what_is_not_there_is_named(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs(benchmarks={})
    (tmp_path / "phrase" / "metrics.parquet").unlink()
    (tmp_path / "PhraseCorpus" / "counts.json").unlink()
    stages = {name: folder for name, folder in inputs.stages.items() if name != "sentence"}
    contents = gather(ReportInputs(**{**vars(inputs), "stages": stages}))
    assert contents.missing == [
        "stage sentence: not trained",
        "benchmark retrieval: not run",
        "corpus PhraseCorpus: its counts (counts.json) are not there",
        "stage phrase: its losses (metrics.parquet) are not there",
    ]
    assert list(contents.corpora) == ["TokenCorpus", "SentenceCorpus"]
    assert contents.stages["phrase"].curves == {}
    assert contents.stages["phrase"].held_out["mlm"].model == 1.39


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        ("TokenCorpus/counts.json", "{", "JSON"),
        ("TokenCorpus/counts.json", "[1]", "a JSON object"),
        ("TokenCorpus/counts.json", '{"rows": {}, "rejected": {}}', "read"),
        ("TokenCorpus/counts.json", '{"read": 3, "rows": {"train": "many"}}', "many"),
        ("TokenCorpus/counts.json", '{"read": true}', "True"),
        ("token/held_out.json", '{"mlm": 3}', "an object of objects"),
        ("token/held_out.json", '{"mlm": {"metric": "loss", "model": NaN, "num_rows": 1}}', "nan"),
        ("token/held_out.json", '{"mlm": {"metric": 1, "model": 1, "num_rows": 1}}', "a string"),
        ("token/metrics.parquet", "not parquet", "a Parquet table"),
        ("retrieval/scores.json", '{"benchmark": "retrieval"}', "protocol"),
        ("retrieval/scores.json", "[" * 100_000, "JSON"),
    ],
)
def test_a_malformed_artifact_is_one_clear_error(
    make_inputs: MakeInputs, tmp_path: Path, file: str, content: str, found: str
) -> None:
    inputs = make_inputs()
    (tmp_path / file).write_text(content)
    with pytest.raises(ContractError, match=found) as error:
        gather(inputs)
    assert str(tmp_path / file) in error.value.where


@pytest.mark.parametrize(
    ("is_world", "profile", "is_trial_run"),
    [(True, "miniature", False), (False, "miniature", True), (False, "paper", False)],
)
def test_a_trial_run_is_real_files_with_miniature_sizes(
    make_inputs: MakeInputs, is_world: bool, profile: str, is_trial_run: bool
) -> None:
    assert gather(make_inputs(is_world=is_world, profile=profile)).is_trial_run is is_trial_run
