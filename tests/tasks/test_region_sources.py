"""Whichever source gives regions, RegionFeatures reads it with the detector's vocabularies, and no picture."""

from __future__ import annotations

from pathlib import Path

import luigi.configuration
import pytest

from data.errors import UserError
from data.sources import that_give
from tasks.benchmarks import benchmarks, sources_of
from tasks.images import RegionFeatures

VOCABULARIES = ("object_vocabulary", "attribute_vocabulary")


def set_sources(*names: str) -> None:
    for name in names:
        luigi.configuration.get_config().set("sources", name, f"/data/{name}")


@pytest.mark.parametrize("name", that_give("regions"))
def test_regions_of_any_form_are_read_with_their_vocabularies(name: str, workspace: Path) -> None:
    set_sources(name, "coco_captions", "coco_images", *VOCABULARIES)
    task = RegionFeatures(profile="smoke")
    assert task.source_names() == (name, *VOCABULARIES)
    assert set(task.inputs()) == {"images", f"{name}.0", *(f"{vocabulary}.0" for vocabulary in VOCABULARIES)}


@pytest.mark.parametrize("name", that_give("regions"))
def test_regions_without_a_vocabulary_are_refused_with_the_setting(name: str, workspace: Path) -> None:
    set_sources(name, "coco_captions", "attribute_vocabulary")
    with pytest.raises(UserError) as caught:
        RegionFeatures(profile="smoke").inputs()
    assert "[sources] object_vocabulary" in caught.value.way_out


@pytest.mark.parametrize(
    ("benchmark", "names"),
    [
        ("vqa", ("lxmert_vqa",)),
        ("gqa", ("lxmert_gqa", "lxmert_gqa_test")),
        ("nlvr2", ("lxmert_nlvr2",)),
        ("retrieval", ("flickr30k_captions",)),
        ("zero_shot_retrieval", ("flickr30k_vilbert",)),
    ],
)
def test_a_benchmark_takes_its_rows_in_the_form_that_others_gave_them(
    benchmark: str, names: tuple[str, ...], workspace: Path
) -> None:
    set_sources(*names)
    assert sources_of(benchmarks()[benchmark]) == names
