from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import vocabulary
from data.errors import SourceError, UserError
from data.progress import silent
from data.vocabulary import SPECIALS, Vocabulary, VocabularySettings

ROOT = Path(__file__).parents[2]
TINY = Vocabulary([*SPECIALS, "dog", "##s", "red", "a", "'", "s", ",", "[", "]", "mask", "un", "##lit"])


def _captions(small: Any, texts: Sequence[str]) -> Path:
    return small.captions([(number, number, text) for number, text in enumerate(texts, start=1)])


def test_a_text_becomes_its_pieces_between_cls_and_sep() -> None:
    # ids: PAD 0 UNK 1 CLS 2 SEP 3 MASK 4 dog 5 ##s 6 red 7 a 8 ' 9 s 10 , 11 [ 12 ] 13 mask 14 un 15 ##lit 16
    assert TINY.encode(["A red  dogs,\tunlit", "Dog's zebra"], 20) == [
        [2, 8, 7, 5, 6, 11, 15, 16, 3],
        [2, 5, 9, 10, 1, 3],
    ]


def test_truncation_cuts_pieces_and_keeps_only_whole_words() -> None:
    encoded = TINY.encode_words("a dogs unlit", 6)
    assert encoded.token_ids == [2, 8, 5, 6, 15, 3]  # "unlit" is cut after "un"
    assert [word.text for word in encoded.words] == ["a", "dogs"]
    assert encoded.is_truncated
    assert not TINY.encode_words("a dogs unlit", 7).is_truncated


def test_two_texts_have_a_sep_between_them_and_the_longer_one_is_cut() -> None:
    assert TINY.encode_pair("red", "a dogs", 20).token_ids == [2, 7, 3, 8, 5, 6, 3]
    cut = TINY.encode_pair("red", "a dogs", 6)
    assert (cut.token_ids, cut.is_truncated) == ([2, 7, 3, 8, 5, 3], True)
    assert TINY.encode_pair("a dogs unlit", "red", 5).token_ids == [2, 8, 3, 7, 3]
    assert TINY.encode_pair("[SEP]", "red", 20).token_ids == [2, 12, 1, 13, 3, 7, 3]  # no text becomes a special entry
    assert not TINY.encode_pair("red", "a dogs", 7).is_truncated


def test_a_literal_mask_in_a_text_never_becomes_the_mask_id() -> None:
    assert TINY.encode(["[MASK] [mask]"], 20) == [[2, 12, 14, 13, 12, 14, 13, 3]]


@given(st.text(max_size=60))
def test_no_text_becomes_a_special_entry(text: str) -> None:
    (token_ids,) = TINY.encode([text.encode("utf-8", "ignore").decode()], 200)
    assert not {TINY.pad_id, TINY.cls_id, TINY.sep_id, TINY.mask_id}.intersection(token_ids[1:-1])


@settings(max_examples=200)
@given(st.text(alphabet=st.sampled_from("ab'é中\u0301\u200b\x1c\x85\u00a0\u3000 \t\n\r\x00-[]İẞ"), max_size=30))
def test_word_by_word_encoding_agrees_with_tokenizers_on_the_whole_text(text: str) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = Vocabulary([*SPECIALS, "a", "b", "##a", "##b", "'", "e", "-", "[", "]", "中", "i", "##e", "##i", "ss"])
    whole = Tokenizer(models.WordPiece(words.id_of, unk_token="[UNK]"))
    whole.normalizer = normalizers.BertNormalizer(lowercase=True)
    whole.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    assert words.encode([text], 500) == [[words.cls_id, *whole.encode(text).ids, words.sep_id]]


def test_only_texts_of_training_images_are_learnt_from(small: Any, tmp_path: Path) -> None:
    images = small.images({"coco:1": "train", "coco:2": "test"})
    captions = _captions(small, ["abba abba", "xyz", "unlisted"])
    files = {"coco_captions": (captions,)}
    given = {"images": images, "regions": small.regions([small.region_row("coco:1")], ["q"])}  # which no region shows
    vocabulary.train(files, **given, settings=VocabularySettings(num_entries=12), into=tmp_path, progress=silent)
    assert vocabulary.load(tmp_path).tokens[5:9] == ("##a", "##b", "a", "b")
    assert "abba" in vocabulary.load(tmp_path).tokens
    assert not set("xyz") & set(vocabulary.load(tmp_path).tokens)


def test_captions_of_benchmarks_and_questions_about_training_images_alone_are_learnt_from(
    small: Any, tmp_path: Path
) -> None:
    names = ("train-1-0-img0", "train-1-0-img1", "dev-1-0-img0", "dev-1-0-img1")
    splits = {f"nlvr2:{name}": "test" if name == "dev-1-0-img1" else "train" for name in names}
    images = small.images({**splits, "coco:1": "train", "flickr30k:5": "train"}, pool={"flickr30k:5": "flickr30k"})
    flickr = {"images": [{"filename": "5.jpg", "split": "train", "sentences": [{"raw": "abba", "sentid": 1}]}]}
    statements = [("train-1-0-0", "cddc"), ("dev-1-0-0", "xyz")]
    lines = [json.dumps({"identifier": name, "sentence": text}) for name, text in statements]
    files = {"flickr30k": (tmp_path / "flickr.json",), "nlvr2": (tmp_path / "nlvr2.json",)}
    files["flickr30k"][0].write_text(json.dumps(flickr))
    files["nlvr2"][0].write_text("\n".join(lines) + "\n")
    given = {"images": images, "regions": small.regions([small.region_row("coco:1")], ["q"])}
    vocabulary.train(files, **given, settings=VocabularySettings(num_entries=30), into=tmp_path, progress=silent)
    assert {"abba", "cddc"} < set(vocabulary.load(tmp_path).tokens)
    assert not set("xyz") & set(vocabulary.load(tmp_path).tokens)


def test_two_files_where_one_is_wanted_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="one bert_vocabulary; found 2 files"):
        vocabulary.adopt({"bert_vocabulary": (tmp_path / "a.txt", tmp_path / "b.txt")}, into=tmp_path)


def test_the_labels_of_training_regions_are_learnt(small: Any, tmp_path: Path) -> None:
    images = small.images({"coco:1": "train", "coco:2": "test"})
    rows = [small.region_row("coco:1", [0, 0]), small.region_row("coco:2", [1, 1])]
    regions = small.regions(rows, ["kite", "dog"])
    size = VocabularySettings(num_entries=60)
    vocabulary.train({}, images=images, regions=regions, settings=size, into=tmp_path, progress=silent)
    tokens = vocabulary.load(tmp_path).tokens
    assert "kite" in tokens
    assert "dog" not in tokens


def test_too_few_entries_are_refused_with_the_smallest_number_that_would_do(small: Any, tmp_path: Path) -> None:
    images = small.images({"coco:1": "train"})
    files = {"coco_captions": (_captions(small, ["abc"]),)}
    with pytest.raises(UserError, match="at least 11 entries"):  # 5 specials, a b c, ##a ##b ##c
        vocabulary.train(
            files,
            images=images,
            regions=small.regions([small.region_row("coco:1")], ["q"]),
            settings=VocabularySettings(num_entries=10),
            into=tmp_path,
            progress=silent,
        )


_TRAIN = """
import sys
from pathlib import Path
from data import vocabulary
from data.progress import silent
captions, images, regions, into = map(Path, sys.argv[1:])
size = vocabulary.VocabularySettings(num_entries=800)
given = {"images": images, "regions": regions, "settings": size}
vocabulary.train({"coco_captions": (captions,)}, **given, into=into, progress=silent)
assert "torch" not in sys.modules
"""


def test_training_gives_the_same_bytes_whatever_the_hash_seed(
    small: Any, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    lines = shared_data("ud_english_ewt/en_ewt-ud-test.conllu").read_text("utf-8").split("\n")
    texts = [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]
    captions = _captions(small, texts)
    images = small.images({f"coco:{n}": "train" for n in range(1, len(texts) + 1)})
    regions = small.regions([small.region_row("coco:1", [0])], ["kite"])
    digests = set()
    for seed in ("1", "2"):
        into = tmp_path / seed
        into.mkdir()
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TOKENIZERS_PARALLELISM": "true" if seed == "1" else "false",
        }
        command = [sys.executable, "-c", _TRAIN, str(captions), str(images), str(regions), str(into)]
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
        digests.add(hashlib.sha256((into / "vocab.txt").read_bytes()).hexdigest())
    assert len(digests) == 1
    assert vocabulary.load(tmp_path / "1").size == 800


def test_a_given_vocabulary_keeps_its_ids(tmp_path: Path) -> None:
    given = tmp_path / "given.txt"
    given.write_bytes(b"[PAD]\r\n[unused0]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\ndog")
    vocabulary.adopt({"bert_vocabulary": (given,)}, into=tmp_path)
    assert (tmp_path / "vocab.txt").read_bytes() == b"[PAD]\n[unused0]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ndog\n"
    assert vocabulary.load(tmp_path).encode(["Dog"], 5) == [[3, 6, 4]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", r"no \[PAD\]"),
        (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\ndog\n", r"no \[MASK\] among 5"),
        (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ndog\ndog\n", "line 7.*line 6|line 6 too.*line 7"),
        (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n\ndog\n", "line 6"),
        (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n\xff\n", "utf-8"),
    ],
)
def test_what_is_no_vocabulary_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    given = tmp_path / "given.txt"
    given.write_bytes(content)
    with pytest.raises(SourceError, match=found):
        vocabulary.adopt({"bert_vocabulary": (given,)}, into=tmp_path)


def test_a_missing_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        vocabulary.adopt({"bert_vocabulary": (tmp_path / "absent.txt",)}, into=tmp_path)
