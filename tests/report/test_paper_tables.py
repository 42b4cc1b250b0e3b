from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data.errors import ContractError
from data.writers import write_tensors
from model import plugins
from report import published
from report.costs import Cost, costs
from report.gather import gather
from report.inputs import BenchmarkFolders, ReportInputs
from report.paper_tables import PaperTables
from report.trained import Trained, count_parameters
from tests.report import run
from tests.report.conftest import Page, report_of

MakeInputs = Callable[..., ReportInputs]


def tables_of(inputs: ReportInputs) -> PaperTables:
    found = gather(inputs).paper
    assert found is not None
    return found


def trained_of(inputs: ReportInputs) -> Trained:
    found = gather(inputs).trained
    assert found is not None
    return found


def test_parameters_are_counted_by_part_and_as_the_paper_counts_them(make_inputs: MakeInputs) -> None:
    inputs = make_inputs()
    found = trained_of(inputs).parameters
    assert found is not None
    assert (found.stage, found.total, tables_of(inputs).as_in_paper) == ("sentence", 207_362, 139_264)
    assert list(found.parts.items()) == [
        ("encoder.vision", 131_072),
        ("encoder.embeddings", 64_000),
        ("encoder.layers", 8_192),
        ("encoder.pooler", 4_096),
        ("heads.itm_hs", 2),
    ]


def test_a_network_of_the_papers_size_counts_84_million(tmp_path: Path) -> None:
    from model.curricula.msp import PAPER
    from model.networks import lxmert_s

    encoder = lxmert_s.build(dataclasses.replace(PAPER.network, num_layers=1), tokens=("a", "b", "c"))
    tensors = {f"encoder.{name}": np.zeros(tensor.shape, np.bool_) for name, tensor in encoder.state_dict().items()}
    write_tensors(tmp_path / "weights.safetensors", tensors)
    found = count_parameters(tmp_path / "weights.safetensors", "sentence")
    one_layer = found.parts["encoder.layers"]
    assert (one_layer, found.parts["encoder.vision"]) == (16_539_648, 1_580_544)
    assert 5 * one_layer + 1_580_544 == 84_278_784  # 84.3 M in Table 1


def test_without_weights_nothing_is_counted_and_broken_ones_are_one_clear_error(
    make_inputs: MakeInputs, tmp_path: Path
) -> None:
    inputs = make_inputs()
    for stage in ("token", "sentence"):
        (tmp_path / stage / "weights.safetensors").unlink()
    parameters = trained_of(inputs).parameters
    assert parameters is not None
    assert parameters.stage == "phrase"  # the last one that is there
    (tmp_path / "phrase" / "weights.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ContractError, match="weights as safetensors"):
        gather(inputs)
    (tmp_path / "phrase" / "weights.safetensors").unlink()
    assert trained_of(inputs).parameters is None
    assert tables_of(inputs).as_in_paper is None


def test_each_stage_is_told_with_its_training_rows_images_and_word_pieces(make_inputs: MakeInputs) -> None:
    inputs = make_inputs()
    found = trained_of(inputs)
    assert list(found.stages) == ["token", "phrase", "sentence"]
    phrase = found.stages["phrase"]
    assert (phrase.corpora, phrase.num_pairs, phrase.num_images) == (["PhraseCorpus"], 2400, 1200)
    assert phrase.num_pieces == 5 * 3  # five rows of the table are for training, [CLS], a piece and [SEP] each
    assert tables_of(inputs).pairs["phrase"] == 0.34
    assert found.num_pairs == 1200 + 2400 + 3600


def test_a_corpus_of_two_stages_counts_once_among_all_pairs(make_inputs: MakeInputs) -> None:
    stages = {"token": ("TokenCorpus",), "phrase": ("TokenCorpus", "PhraseCorpus"), "sentence": ("no such corpus",)}
    found = trained_of(make_inputs(stage_corpora=stages))
    assert found.stages["phrase"].num_pairs == 3600
    assert list(found.stages) == ["token", "phrase"]
    assert found.num_pairs == 1200 + 2400


def test_our_scores_stand_in_the_papers_columns_where_the_protocol_is_the_papers(
    make_inputs: MakeInputs, tmp_path: Path
) -> None:
    ranks, one = {"R@1": 30.0, "R@5": 60.0, "R@10": 70.0}, {"R@1": 31.0, "R@5": 61.0, "R@10": 71.0}
    scores = {"image_retrieval": ranks, "text_retrieval": ranks, "text_retrieval_one_caption": one}
    folder = run.write_evaluation(tmp_path / "zero", {**run.RETRIEVAL, "scores": scores}, {})
    inputs = make_inputs()
    benchmarks = {**inputs.benchmarks, "zero_shot_retrieval": BenchmarkFolders(pair=folder)}
    answers, retrieval = tables_of(dataclasses.replace(inputs, benchmarks=benchmarks)).scores
    assert (answers.number, retrieval.number) == (2, 3)
    # A server has the paper's test sets; what is measured here has a name of its own.
    assert answers.ours == {"VQA v2": {"official accuracy, test split here": 61.5}}
    assert answers.published["LXMERT"]["NLVR2"] == {"dev": 74.9, "test-P": 74.5}
    assert retrieval.ours["image, zero-shot"] == ranks
    assert retrieval.ours["text, zero-shot"] == one
    assert list(retrieval.ours) == ["image, zero-shot", "text, zero-shot", "image, fine-tuned"]


def test_a_table_of_which_nothing_was_run_is_left_out_and_without_a_stage_all_are(make_inputs: MakeInputs) -> None:
    inputs = make_inputs()
    assert tables_of(dataclasses.replace(inputs, benchmarks={})).scores == []
    assert gather(dataclasses.replace(inputs, stages={})).paper is None


@pytest.mark.parametrize("benchmark", ["vqa", "gqa", "nlvr2", "retrieval", "zero_shot_retrieval"])
def test_the_published_numbers_are_those_that_the_benchmarks_say(benchmark: str) -> None:
    said = plugins.load("benchmarks", benchmark).BENCHMARK.published
    found = {}
    for model, groups in {**published.ANSWERS, **published.RETRIEVAL}.items():
        for tables in (published.ANSWERS, published.RETRIEVAL):
            for place, scores in tables.get(model, {}).items():
                name, _, group = place.partition(".")
                for column, score in scores.items() if name == benchmark else ():
                    row = f"{model} (Flickr30k 1K)" if group else f"{model} ({column})"
                    found[row, group or None, column if group else None] = score
        assert groups
    expected = {
        (row, group if "retrieval" in benchmark else None, metric if "retrieval" in benchmark else None): score
        for row, groups in said.items()
        for group, metrics in groups.items()
        for metric, score in metrics.items()
        if "minival" not in row
    }
    assert found == expected


def test_what_training_took_comes_from_its_record(tmp_path: Path, make_inputs: MakeInputs) -> None:
    found = costs(make_inputs().records, run.to_plain(run.curriculum()))
    cost = Cost(seconds=3725.0, first_step=120, peak_bytes=3 * 10**9, device="cpu", num_processes=2, num_threads=2)
    assert found == {"token": cost}
    (tmp_path / "record" / "speed.parquet").unlink()
    (without,) = costs({"token": tmp_path / "record"}, run.to_plain(run.curriculum())).values()
    assert without.peak_bytes is None


def test_times_are_on_the_page_and_not_in_the_json(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    one = report_of(inputs, tmp_path / "one")
    faster = {"token": run.write_record(tmp_path / "faster", 61.0)}
    two = report_of(dataclasses.replace(inputs, records=faster), tmp_path / "two")
    assert one.report == two.report
    assert "1\u202fh 2\u202fmin from step 120 on" in one.text
    assert "1\u202fmin 1\u202fs from step 120 on" in two.text
    assert "3.0\u202fGB" in one.text
    assert "cpu \N{MULTIPLICATION SIGN} 2, 2 threads" in one.text


def test_the_paper_s_models_stand_beside_this_run_and_are_marked(
    page: Page, make_inputs: MakeInputs, tmp_path: Path
) -> None:
    assert {134.8, 183.5, 84.3, 9.18, 139_264.0, 7200.0, 0.62} <= set(page.numbers)
    assert "Table 1: models" in page.text
    assert "Table 2: VQA v2, GQA and NLVR2" in page.text
    assert "85.05\u202fM" in page.text
    assert "16 V100" in page.text
    comparable = report_of(make_inputs(is_comparable=True), tmp_path / "out")
    assert "not comparable" not in comparable.text.casefold()
