import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import ContractError
from report.gather import gather
from report.inputs import ReportInputs

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


def test_curves_and_objectives_come_in_the_order_of_the_curriculum(make_inputs: MakeInputs) -> None:
    stage = gather(make_inputs()).stages["sentence"]
    assert list(stage.curves) == ["total", "mlm", "mrfr", "moc", "tits", "itm_hs"]
    assert list(stage.held_out) == ["mlm", "mrfr", "moc", "tits", "itm_hs"]


def test_a_fine_tuning_says_which_epoch_was_kept_and_how_it_was_trained(make_inputs: MakeInputs) -> None:
    tuned = gather(make_inputs()).fine_tunings["vqa.after.token"]
    assert tuned.best == 2
    assert [epoch.validation for epoch in tuned.epochs] == [50.5, 58.75, 57.125]
    assert tuned.settings is not None
    assert (tuned.settings.form, tuned.settings.batch_size, tuned.settings.learning_rate) == ("answer", 32, 5e-5)
    assert list(tuned.curves) == ["total", "answer"]


def test_what_is_not_there_is_named(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs(stages={"token": tmp_path / "token", "phrase": tmp_path / "phrase"})
    for name in (
        "phrase/metrics.parquet",
        "PhraseCorpus/counts.json",
        "tagger/scores.json",
        "tuning/epochs.json",
        "vqa_text/scores.json",
        "vqa_token/predictions.parquet",
        "retrieval/scores.json",
    ):
        (tmp_path / name).unlink()
    contents = gather(inputs)
    assert contents.missing == [
        "stage sentence: not trained",
        "corpus PhraseCorpus: its counts (counts.json) are not there",
        "tagger: its scores (scores.json) are not there",
        "stage phrase: its losses (metrics.parquet) are not there",
        "fine-tuning vqa.after.token: its epochs (epochs.json) are not there",
        "benchmark vqa, seeing the text alone: its scores (scores.json) are not there",
        "benchmark vqa, after token: its predictions (predictions.parquet) are not there",
        "benchmark retrieval: its scores (scores.json) are not there",
    ]
    assert list(contents.corpora) == ["TokenCorpus", "SentenceCorpus", "rows of VQA v2"]
    assert list(contents.benchmarks) == ["vqa"]
    assert contents.benchmarks["vqa"].text_only is None
    assert contents.tagger is None
    assert contents.fine_tunings["vqa.after.token"].best is None


def test_a_stage_without_one_of_its_files_shows_the_other(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    (tmp_path / "phrase" / "metrics.parquet").unlink()
    phrase = gather(inputs).stages["phrase"]
    assert phrase.curves == {}
    assert phrase.held_out["mlm"].model == 1.39


SCORES = '{"title": "t", "about": "a", "address": "", "protocol": "p", "split": "test", '


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        ("TokenCorpus/counts.json", "{", "JSON"),
        ("TokenCorpus/counts.json", "[1]", "a JSON object"),
        ("TokenCorpus/counts.json", '{"rows": {}, "rejected": {}}', "read"),
        ("TokenCorpus/counts.json", '{"read": 3, "rows": {"train": "many"}}', "many"),
        ("TokenCorpus/counts.json", '{"read": true}', "True"),
        ("TokenCorpus/corpus/part-00000.parquet", "not parquet", "a Parquet table"),
        ("tagger/scores.json", '{"accuracy": "high"}', "a finite number"),
        ("token/held_out.json", '{"mlm": 3}', "an object of objects"),
        ("token/held_out.json", '{"mlm": {"metric": "loss", "model": NaN, "num_rows": 1}}', "nan"),
        ("token/held_out.json", '{"mlm": {"metric": 1, "model": 1, "num_rows": 1}}', "a string"),
        ("token/metrics.parquet", "not parquet", "a Parquet table"),
        ("tuning/epochs.json", '{"metric": ["a", "b"], "epochs": [3]}', "a list of epochs"),
        ("tuning/epochs.json", '{"metric": [1], "epochs": []}', "a list of strings"),
        ("tuning/network.json", "{}", "an object"),
        ("retrieval/scores.json", '{"title": "retrieval"}', "about"),
        ("retrieval/scores.json", SCORES + '"main": ["one"]}', "a group and a metric"),
        ("retrieval/scores.json", SCORES + '"main": ["a", "b"], "scores": {"a": 3}}', "an object of objects"),
        ("retrieval/scores.json", "[" * 100_000, "JSON"),
        ("retrieval/predictions.parquet", "", "a Parquet table"),
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
    ("is_world", "profile", "is_trial_run", "is_unlearnt"),
    [
        (True, "miniature", False, False),
        (True, "smoke", False, True),
        (True, "paper", False, False),
        (False, "miniature", True, False),
        (False, "smoke", True, True),
        (False, "paper", False, False),
    ],
)
def test_a_trial_run_is_real_files_with_small_sizes_and_smoke_learns_nothing_of_any(
    make_inputs: MakeInputs, is_world: bool, profile: str, is_trial_run: bool, is_unlearnt: bool
) -> None:
    contents = gather(make_inputs(is_world=is_world, profile=profile))
    assert (contents.is_trial_run, contents.is_unlearnt) == (is_trial_run, is_unlearnt)
