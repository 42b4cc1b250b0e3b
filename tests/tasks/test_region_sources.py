"""Whichever source gives regions, RegionFeatures reads it with the detector's vocabularies, and no picture."""

from __future__ import annotations

from pathlib import Path

import luigi.configuration
import pytest

from data.errors import UserError
from data.progress import silent
from data.sources import that_give
from pipeline.guard import check_sources
from tasks.artifact import Job
from tasks.benchmarks import benchmarks, sources_of
from tasks.images import RegionFeatures
from tasks.sources import source_files
from tasks.upkeep import source_files as looks

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


@pytest.fixture
def hdf5(tmp_path: Path) -> Path:
    """A file that begins as HDF5 does, with what belongs to it, both set."""
    path = tmp_path / "train36.hdf5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "train36_imgid2idx.pkl").touch()
    config = luigi.configuration.get_config()
    for name in ("coco_captions", *VOCABULARIES):
        (tmp_path / name).touch()
        config.set("sources", name, str(tmp_path / name))
    config.set("sources", "coco_regions", str(path))
    return path


def test_what_belongs_to_a_file_is_an_input_too_and_no_file_of_the_source(workspace: Path, hdf5: Path) -> None:
    inputs = RegionFeatures(profile="smoke").inputs()
    beside = inputs["beside.coco_regions.0.0"].node
    assert beside.content_path() == hdf5.with_name("train36_imgid2idx.pkl")
    paths = {name: given.node.content_path() for name, given in inputs.items() if name != "images"}
    job = Job(inputs=paths, result=workspace, record=workspace, scratch=workspace, progress=silent, lock=-1)
    assert source_files(job, ("coco_regions",)) == {"coco_regions": (hdf5,)}


def test_what_belongs_to_a_file_and_is_not_there_is_missed_before_any_work(workspace: Path, hdf5: Path) -> None:
    check_sources()
    hdf5.with_name("train36_imgid2idx.pkl").unlink()
    with pytest.raises(UserError, match=r"what belongs to train36\.hdf5.*train36_imgid2idx\.pkl") as caught:
        check_sources()
    assert caught.value.way_out == f"put it beside {hdf5}"
    (finding,) = looks.findings({"coco_regions": (hdf5,)})
    assert (finding.state, finding.way_out) == ("wrong", f"put it beside {hdf5}")
