"""The image table: canonical ids, merging, groups and splits, worked out on a handful of images."""

import json

import pyarrow.parquet as pq
import pytest

from data.errors import SourceError, UserError
from data.images import SplitSettings, build, load
from data.progress import silent

NO_DRAWS = SplitSettings(validation_rate=0.0, test_rate=0.0, seed=1)


@pytest.fixture
def make_table(tmp_path):
    """The table of files given as `{source: text}`, and its folder."""

    def make(settings=NO_DRAWS, **texts):
        files = {}
        for name, text in texts.items():
            files[name] = (tmp_path / name,)
            files[name][0].write_text(text if isinstance(text, str) else json.dumps(text))
        into = tmp_path / "images"
        into.mkdir(exist_ok=True)
        build(files, settings, into=into, progress=silent)
        return load(into), into

    return make


def _coco(*numbers, width=640):
    images = [{"id": n, "file_name": f"{n:012}.jpg", "width": width, "height": 480} for n in numbers]
    return {"images": images, "annotations": [], "categories": []}


def _vg(**coco_ids):
    return [
        {"image_id": int(name[1:]), "width": 800, "height": 600, "coco_id": coco_id, "url": f"https://a/{name[1:]}.jpg"}
        for name, coco_id in coco_ids.items()
    ]


def test_a_picture_of_two_collections_is_one_row_under_its_coco_id(make_table):
    table, _ = make_table(coco_captions=_coco(9), vg_image_data=_vg(v1=9, v2=None, v3=-1, v4=25))
    assert table.image_ids == ("coco:25", "coco:9", "vg:2", "vg:3")
    assert table.canonical["vg:1"] == table.canonical["coco:9"] == "coco:9"
    assert table.canonical["vg:4"] == "coco:25"
    assert table.canonical["vg:2"] == "vg:2"
    assert "coco:1" not in table.canonical


def test_the_record_under_the_canonical_id_gives_name_and_size(make_table):
    table, _ = make_table(coco_instances=_coco(9), vg_image_data=_vg(v1=9, v4=25))
    assert table.file_name == {"coco:9": "000000000009.jpg", "coco:25": "4.jpg"}
    assert table.size_px == {"coco:9": (640, 480), "coco:25": (800, 600)}


def test_an_image_that_two_files_list_is_one_row_and_a_contradiction_is_rejected(make_table):
    settings = SplitSettings(validation_rate=0, test_rate=0, seed=1, max_rejected_rate=0.5)
    table, into = make_table(settings, coco_captions=_coco(9, 10), coco_instances=_coco(9, 11, width=100))
    assert table.image_ids == ("coco:10", "coco:11", "coco:9")
    assert table.size_px["coco:9"] == (640, 480)
    assert pq.read_table(into / "rejected.parquet").to_pylist() == [
        {
            "source": "images",
            "record": "coco:9",
            "field": "image",
            "reason": "another size than in an earlier listing",
        }
    ]
    counts = json.loads((into / "counts.json").read_text())
    assert counts["rejected"] == {"another size than in an earlier listing": 1}


def test_an_image_with_two_coco_ids_is_rejected_the_second_time(make_table):
    settings = SplitSettings(validation_rate=0, test_rate=0, seed=1, max_rejected_rate=0.5)
    images = [*_vg(v1=9), *_vg(v1=10), *_vg(v2=11)]
    table, into = make_table(settings, vg_image_data=images)
    assert table.image_ids == ("coco:11", "coco:9")
    counts = json.loads((into / "counts.json").read_text())
    assert counts["rejected"] == {"listed as two different pictures": 1}
    assert counts["read"] == 3


def test_lists_decide_the_split_under_any_id_and_the_rest_is_train(make_table):
    table, into = make_table(
        coco_captions=_coco(9, 10, 11),
        vg_image_data=_vg(v1=9),
        validation_images="coco:10\n",
        test_images="vg:1\ncoco:999\n",
    )
    assert table.split == {"coco:9": "test", "coco:10": "validation", "coco:11": "train"}
    counts = json.loads((into / "counts.json").read_text())
    assert counts["rows"] == counts["images"] == {"train": 1, "validation": 1, "test": 1}
    assert counts["notes"]["ids of the test list that are no known image"] == 1
    assert counts["notes"]["pictures known under several ids"] == 1


def test_a_split_without_a_list_is_drawn_and_one_with_a_list_is_not(make_table):
    settings = SplitSettings(validation_rate=0.25, test_rate=0.25, seed=3)
    drawn, _ = make_table(settings, coco_captions=_coco(*range(2000)))
    counts = [list(drawn.split.values()).count(split) for split in ("train", "validation", "test")]
    assert counts == pytest.approx([1000, 500, 500], abs=60)  # three deviations of a binomial of 2000
    listed, _ = make_table(settings, coco_captions=_coco(*range(2000)), test_images="coco:5\n")
    assert [image_id for image_id, split in listed.split.items() if split == "test"] == ["coco:5"]
    assert 440 < list(listed.split.values()).count("validation") < 560


def test_the_split_of_an_image_depends_on_nothing_but_its_id_and_the_seed(make_table):
    settings = SplitSettings(validation_rate=0.3, test_rate=0.3, seed=3)
    all_of_them, _ = make_table(settings, coco_captions=_coco(*range(100)))
    few, _ = make_table(settings, coco_captions=_coco(7, 5, 3))
    other_seed, _ = make_table(
        SplitSettings(validation_rate=0.3, test_rate=0.3, seed=4), coco_captions=_coco(*range(100))
    )
    assert few.split.items() <= all_of_them.split.items()
    assert other_seed.split != all_of_them.split


def test_images_of_one_group_share_a_split_drawn_or_listed(make_table, nlvr1_lines):
    settings = SplitSettings(validation_rate=0.3, test_rate=0.3, seed=3)
    drawn, _ = make_table(settings, nlvr1=nlvr1_lines(40))
    assert len({drawn.group[image_id] for image_id in drawn.image_ids}) == 40
    split_of_group = {(drawn.group[image_id], drawn.split[image_id]) for image_id in drawn.image_ids}
    assert len(split_of_group) == 40
    assert len(set(drawn.split.values())) == 3
    listed, _ = make_table(nlvr1=nlvr1_lines(2), test_images="nlvr1:100-0-3\n")
    assert {image_id for image_id, split in listed.split.items() if split == "test"} == {
        f"nlvr1:100-0-{permutation}" for permutation in range(6)
    }


def _flickr(**splits):
    return {"images": [{"filename": f"{n[1:]}.jpg", "split": split, "sentences": []} for n, split in splits.items()]}


def _nlvr2(*identifiers):
    return "".join(json.dumps({"identifier": name, "sentence": "A dog."}) + "\n" for name in identifiers)


def _gqa(*images):
    return {str(n): {"imageId": image, "question": "Is it red?"} for n, image in enumerate(images)}


def test_a_picture_is_of_pretraining_where_any_file_of_it_lists_it_and_else_of_the_first_benchmark(make_table):
    table, into = make_table(
        coco_captions=_coco(9),
        coco_image_info=_coco(9, 30),
        vg_image_data=_vg(v1=9, v2=None),
        gqa_questions=_gqa("1", "2", "3", "n4"),
        flickr30k=_flickr(f5="train"),
    )
    assert table.pool == {
        "coco:30": "vqa",
        "coco:9": "pretraining",
        "flickr30k:5": "flickr30k",
        "gqa:n4": "gqa",
        "vg:2": "pretraining",
        "vg:3": "gqa",
    }
    notes = json.loads((into / "counts.json").read_text())["notes"]
    assert {name: n for name, n in notes.items() if "pool" in name} == {
        "images of the pool flickr30k": 1,
        "images of the pool gqa": 2,
        "images of the pool pretraining": 2,
        "images of the pool vqa": 1,
    }


def test_an_image_that_is_asked_about_before_its_coco_id_is_known_is_still_that_coco_image(make_table):
    table, into = make_table(gqa_test_questions=_gqa("1"), vg_image_data=_vg(v1=9))
    assert table.canonical == {"vg:1": "coco:9", "coco:9": "coco:9"}
    assert table.split == {"coco:9": "test"}
    assert json.loads((into / "counts.json").read_text())["rejected"] == {}


def test_a_size_is_taken_from_whichever_listing_knows_it_and_may_be_unknown(make_table):
    graphs = {"3": {"width": 50, "height": 40, "objects": {}}}
    table, into = make_table(gqa_questions=_gqa("3", "n4"), gqa_scene_graphs=graphs)
    assert table.size_px == {"vg:3": (50, 40), "gqa:n4": None}
    rows = pq.read_table(into / "images.parquet").to_pylist()
    assert [(row["width_px"], row["height_px"]) for row in rows] == [(None, None), (50, 40)]


def test_a_publishers_split_is_kept_and_only_images_without_one_are_drawn(make_table):
    drawn = SplitSettings(validation_rate=0.0, test_rate=0.999, seed=3)
    table, _ = make_table(drawn, coco_captions=_coco(9), flickr30k=_flickr(f5="train", f6="val", f7="test"))
    assert table.split == {
        "coco:9": "test",
        "flickr30k:5": "train",
        "flickr30k:6": "validation",
        "flickr30k:7": "test",
    }


def test_the_users_list_comes_before_the_publishers_split(make_table):
    table, _ = make_table(
        flickr30k=_flickr(f5="train", f6="test", f7="test"), validation_images="flickr30k:6\nflickr30k:5\n"
    )
    assert table.split == {"flickr30k:5": "validation", "flickr30k:6": "validation", "flickr30k:7": "test"}


def test_pictures_of_one_set_of_nlvr2_are_a_group_with_the_split_of_their_file(make_table):
    drawn = SplitSettings(validation_rate=0.5, test_rate=0.499, seed=3)
    table, _ = make_table(drawn, nlvr2=_nlvr2("train-3-0-0", "train-3-1-0", "dev-3-0-0", "test1-4-0-0"))
    assert {(table.group[image_id], table.split[image_id]) for image_id in table.image_ids} == {
        ("nlvr2:train-3", "train"),
        ("nlvr2:dev-3", "validation"),
        ("nlvr2:test1-4", "test"),
    }
    assert len(table.image_ids) == 8
    assert table.file_name["nlvr2:dev-3-0-img1"] == "dev-3-0-img1.png"


def test_where_publishers_contradict_each_other_the_picture_is_held_out_most_strictly(make_table):
    images = [{"filename": "5.jpg", "split": split, "sentences": []} for split in ("val", "test", "train")]
    table, _ = make_table(flickr30k={"images": images})
    assert table.split == {"flickr30k:5": "test"}


def test_an_image_in_both_lists_is_an_error(make_table):
    with pytest.raises(UserError, match=r"coco:9") as caught:
        make_table(coco_captions=_coco(9), validation_images="coco:9\n", test_images="coco:9\n")
    assert "validation_images" in caught.value.where


def test_no_source_of_images_is_an_error_that_names_them(make_table):
    with pytest.raises(UserError, match="coco_captions"):
        make_table(object_vocabulary="cat\n")


def test_too_many_rejected_images_are_an_error(make_table):
    bad = _coco(*range(10))
    bad["images"][3]["width"] = -1
    with pytest.raises(SourceError, match="not a whole number"):
        make_table(coco_captions=bad)


def test_equal_content_gives_equal_bytes_whatever_the_order_of_files(make_table):
    _, into = make_table(coco_captions=_coco(1, 2, 3), vg_image_data=_vg(v1=1, v7=None))
    first = (into / "images.parquet").read_bytes()
    _, into = make_table(coco_captions=_coco(3, 2, 1), vg_image_data=_vg(v7=None, v1=1))
    assert (into / "images.parquet").read_bytes() == first


@pytest.fixture
def nlvr1_lines():
    """So many sentences of NLVR, each with a scene of its own."""

    def lines(num_sentences):
        examples = [
            {
                "sentence": "There is a circle.",
                "label": "true",
                "identifier": f"{100 + number}-0",
                "structured_rep": [
                    [{"x_loc": number, "y_loc": 0, "size": 10, "type": "circle", "color": "Black"}],
                    [],
                    [],
                ],
            }
            for number in range(num_sentences)
        ]
        return "".join(json.dumps(example) + "\n" for example in examples)

    return lines


def _flickr30k(**splits):
    sentences = [{"raw": "A dog.", "sentid": 0}]
    return {"images": [{"filename": f"{n[1:]}.jpg", "split": s, "sentences": sentences} for n, s in splits.items()]}


def _photos(**numbers):
    """Images of COCO by the numbers of their photographs on Flickr."""
    listed = _coco(*(int(name[1:]) for name in numbers))
    for image, number in zip(listed["images"], numbers.values(), strict=True):
        image["flickr_url"] = f"http://farm7.staticflickr.com/6116/{number}_da26cf2c9e_z.jpg"
    return listed


def test_pre_training_does_not_train_on_a_photograph_that_a_benchmark_holds_out(make_table):
    table, into = make_table(
        coco_captions=_photos(c1=101, c2=102, c3=103, c4=104, c5=101),
        vg_image_data=[{**_vg(v1=None)[0], "flickr_id": 102}, *_vg(v2=4)],
        flickr30k=_flickr30k(f101="test", f102="val", f103="train", f104="train"),
        test_images="coco:4\n",
    )
    held_out = {"coco:1", "coco:2", "coco:5", "vg:1"}
    assert {name for name, split in table.split.items() if split == "validation"} == {*held_out, "flickr30k:102"}
    assert {name for name, split in table.split.items() if split == "test"} == {"coco:4", "flickr30k:101"}
    assert table.split["coco:3"] == "train"
    assert table.split["flickr30k:104"] == "train", "its twin is a test image of another pool, which stays as published"
    notes = json.loads((into / "counts.json").read_text())["notes"]
    assert notes["images of pre-training held out as a benchmark's photographs"] == len(held_out)


def test_what_is_no_address_or_number_of_flickr_makes_no_two_images_alike(make_table):
    images = _coco(1, 2, 3)
    images["images"][0]["flickr_url"] = "http://images.cocodataset.org/val2017/000000397133.jpg"
    images["images"][1]["flickr_url"] = None
    listed = [{**_vg(v1=None)[0], "flickr_id": -1}, {**_vg(v2=None)[0], "flickr_id": None}]
    table, _ = make_table(coco_captions=images, vg_image_data=listed, test_images="coco:1\ncoco:2\nvg:1\n")
    assert table.split["coco:3"] == table.split["vg:2"] == "train"
