"""Which benchmarks a run has: those whose sources are there; the others are named with the settings that they lack."""

from __future__ import annotations

from pathlib import Path

import luigi.configuration
import pytest

from data.errors import UserError
from model import plugins
from tasks.benchmarks import BenchmarkCorpus, available, benchmarks, left_out, sources_of
from tasks.fine_tuning import Evaluate, FineTune
from tasks.report import Report


def set_sources(**paths: str) -> None:
    for name, path in paths.items():
        luigi.configuration.get_config().set("sources", name, path)


ALONE = ("image_classes", "image_classes_knn", "image_classes_probe", "mnli", "sst2", "stsb")


def of_pairs(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences about benchmarks of texts with images."""
    return tuple(sentence for sentence in sentences if not any(f"({name})" in sentence for name in ALONE))


def test_the_generated_world_has_all_but_nlvr1_and_runs_cocos_retrieval_zero_shot_alone(workspace: Path) -> None:
    assert available() == ("coco_zero_shot_retrieval", "gqa", "nlvr2", "retrieval", "vqa", "zero_shot_retrieval")
    assert of_pairs(left_out()) == (
        "COCO retrieval (coco_retrieval) is left out: [Report] benchmarks does not name it, which it takes on the "
        "generated world.",
        "NLVR (nlvr1) is left out: the generated world has no nlvr1.",
    )
    assert available(("coco_retrieval", "nlvr1")) == ("coco_retrieval",)


def test_texts_and_images_alone_are_judged_where_they_are_named(workspace: Path) -> None:
    assert available(ALONE) == ("image_classes", "image_classes_knn", "image_classes_probe", "mnli")
    assert {sentence for sentence in left_out(ALONE) if "generated world" in sentence} >= {
        "SST-2 (sst2) is left out: the generated world has no sst2.",
        "STS-B (stsb) is left out: the generated world has no stsb.",
    }
    assert (
        "MNLI (mnli) is left out: [Report] benchmarks does not name it, and not every network reads a text or an image "
        "alone." in left_out()
    )
    set_sources(sst2="/data/train.tsv", image_classes_train="/data/train", image_classes_test="/data/test")
    assert available() == ()
    assert available(ALONE) == ("image_classes", "image_classes_knn", "image_classes_probe", "sst2")
    assert sources_of(benchmarks()["image_classes"]) == ("image_classes_train", "image_classes_test")


@pytest.mark.parametrize("name", ["image_classes", "image_classes_knn", "mnli"])
def test_a_network_of_pairs_is_refused_what_stands_alone_before_anything_is_built(name: str, workspace: Path) -> None:
    with pytest.raises(UserError, match="lxmert_s, which reads texts together with images"):
        Evaluate(benchmark=name).inputs()


def test_a_frozen_benchmark_is_judged_after_any_stage_without_fine_tuning(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "says", lambda kind, name, attribute: True)
    probe = Evaluate(benchmark="image_classes_probe", after="token")
    assert probe.inputs()["weights"].node.task_family == "TokenStage"
    with pytest.raises(UserError, match="judged as pre-training left it"):
        FineTune(benchmark="image_classes_probe").settings()
    with pytest.raises(UserError, match="at least one stage"):
        Evaluate(benchmark="image_classes_knn", after="vanilla").inputs()


def test_images_alone_are_joined_with_pictures_and_no_other_rows_are(workspace: Path) -> None:
    reads = {name: "pictures" in BenchmarkCorpus(benchmark=name).inputs() for name in ("image_classes", "mnli", "vqa")}
    assert reads == {"image_classes": True, "mnli": False, "vqa": False}


def test_without_a_source_for_gqa_it_is_named_with_its_setting_and_the_rest_runs(workspace: Path) -> None:
    set_sources(flickr30k="/data/dataset_flickr30k.json", nlvr2="/data/train.json", vqa_questions="/data/q.json")
    assert available() == ("nlvr2", "retrieval", "zero_shot_retrieval")
    gqa = next(sentence for sentence in left_out() if sentence.startswith("GQA (gqa) is left out"))
    assert "[sources] gqa_questions" in gqa
    vqa = next(sentence for sentence in left_out() if sentence.startswith("VQA v2 (vqa) is left out"))
    assert "(missing: lxmert_vqa, vqa_annotations;" in vqa


def test_captions_of_coco_alone_bring_cocos_retrieval_and_those_of_flickr30k_its_own(workspace: Path) -> None:
    set_sources(coco_captions="/data/captions.json")
    assert available() == ("coco_retrieval", "coco_zero_shot_retrieval")
    assert sources_of(benchmarks()["coco_retrieval"]) == ("coco_captions",)
    set_sources(flickr30k="/data/dataset_flickr30k.json", coco_karpathy="/data/dataset_coco.json")
    assert available() == ("coco_retrieval", "coco_zero_shot_retrieval", "retrieval", "zero_shot_retrieval")
    assert sources_of(benchmarks()["retrieval"]) == ("flickr30k",)
    assert sources_of(benchmarks()["coco_retrieval"]) == ("coco_karpathy",)  # it has the published splits and order


def test_a_benchmark_without_sources_is_refused_with_the_settings_it_lacks(workspace: Path) -> None:
    set_sources(coco_captions="/data/captions.json")
    with pytest.raises(UserError) as refused:
        BenchmarkCorpus(benchmark="gqa").inputs()
    assert "gqa_questions" in refused.value.way_out


def test_a_zero_shot_benchmark_is_not_fine_tuned(workspace: Path) -> None:
    with pytest.raises(UserError, match="judged as pre-training left it"):
        FineTune(benchmark="zero_shot_retrieval").settings()
    assert Evaluate(benchmark="zero_shot_retrieval").inputs()["weights"].node.task_family == "SentenceStage"


def test_what_is_there_for_comparison_only_can_be_left_out(workspace: Path) -> None:
    labels = {task.label for task in Report().evaluations().values()}
    assert {"Evaluate-vqa-text", "Evaluate-vqa-after-token", "Evaluate-retrieval-after-phrase"} <= labels
    assert "Evaluate-retrieval-text" not in labels  # without its images retrieval is chance
    one = {task.label for task in Report(benchmarks=("gqa",)).evaluations().values()}
    assert one == {"Evaluate-gqa", "Evaluate-gqa-text"}
    assert "VQA v2 (vqa) is left out: [Report] benchmarks does not name it." in Report(benchmarks=("gqa",)).notices()
    bare = {task.label for task in Report(text_only="no", every_stage="no").evaluations().values()}
    assert bare == {f"Evaluate-{name}" for name in available()}


def test_only_what_draws_negatives_reads_them(workspace: Path) -> None:
    reads = {
        name: "hard_negatives" in FineTune(benchmark=name).inputs() for name in ("gqa", "nlvr2", "retrieval", "vqa")
    }
    assert reads == {"gqa": False, "nlvr2": False, "retrieval": True, "vqa": False}


def test_retrieval_without_images_is_refused(workspace: Path) -> None:
    for name in ("retrieval", "zero_shot_retrieval", "coco_retrieval", "coco_zero_shot_retrieval"):
        with pytest.raises(UserError, match="chance where no image is seen"):
            Evaluate(benchmark=name, sees="text").settings()
