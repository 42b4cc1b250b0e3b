"""Captions as word pieces, beside `encode_batch` of the tokenizers library on all cores: `python -m speed.captions`.

Both give the same ids for every caption, or nothing is timed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.encoding import encode, words_of
from data.vocabulary import CLS, SEP, SPECIALS, UNKNOWN, Vocabulary
from speed import generating
from speed.measuring import Row, Target, interleaved, table

MAX_LENGTH = 20
NUM_ENTRIES = 30_522
_BATCH = 65_536
TARGET = Target(limit="at least", ratio=8.0)
# What a tokeniser must take care of: each stands in some caption.
_ODD = (
    "A café, naïve and ÅNGSTRÖM-tall, e\u0301 as two characters.",
    "日本の猫 sits on 東京 tower",
    "a man\u0000 with\u0007 control\u200b characters\u00ad and\u3000wide spaces\u2028here",
    "[MASK] on a [CLS] near the [SEP] with [mask] and [unused1]",
    "don't t-shirt 3,000.5 (a) #dog @home co-op's",
    "a" * 150,
    "",
)


def measure(num_captions: int = generating.NUM_COCO_CAPTIONS, *, num_rounds: int = 3) -> Row:
    """Encode that many captions in COCO's format, odd ones among them."""
    texts = _captions(num_captions)
    entries = entries_of(texts)
    library = _library(entries)
    ids = [encoding.ids for encoding in library.encode_batch(texts)]
    if ids != _ours(texts, entries):
        raise AssertionError("the two ways give different ids")
    taken = interleaved(
        {"ours": lambda: _encoded(texts, entries), "tokenizers": lambda: library.encode_batch(texts)},
        num_rounds=num_rounds,
    )
    return Row(
        work=f"{num_captions:,} captions as word pieces, the same ids",
        against="tokenizers encode_batch, all cores",
        ours=taken["ours"],
        theirs=taken["tokenizers"],
        target=TARGET,
    )


def entries_of(texts: list[str]) -> list[str]:
    """A vocabulary: the characters of the texts, CJK ones apart, alone and continuing, then the most frequent words."""
    from tokenizers import normalizers

    normal = normalizers.BertNormalizer(lowercase=True)
    counts = Counter(word for text in texts for word in normal.normalize_str(text).replace(".", " . ").split())
    characters = sorted({character for word in counts for character in word if character < "\u3000"})
    continuing = [f"##{character}" for character in characters]
    frequent = [word for word, _ in counts.most_common(NUM_ENTRIES)]
    return list(dict.fromkeys((*SPECIALS, *characters, *continuing, *frequent)))[:NUM_ENTRIES]


def _captions(num_captions: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "captions.json"
        generating.captions(path, num_images=max(num_captions // 5, 1), num_captions=num_captions)
        texts: list[str] = [one["caption"] for one in json.loads(path.read_text("utf-8"))["annotations"]]
    for number, odd in enumerate(_ODD * 20):
        texts[number * 997 % num_captions] = odd
    return texts


def _encoded(texts: list[str], entries: list[str]) -> list[Any]:
    """Word pieces in batches, by a vocabulary that has seen no word yet."""
    vocabulary = Vocabulary(entries)
    starts = range(0, len(texts), _BATCH)
    batches = (words_of(pa.array(texts[start : start + _BATCH]), vocabulary) for start in starts)
    return [encode(words, vocabulary, MAX_LENGTH).token_ids for words in batches]


def _ours(texts: list[str], entries: list[str]) -> list[list[int]]:
    return [ids for batch in _encoded(texts, entries) for ids in batch.to_arrow().to_pylist()]


def _library(entries: list[str]) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    id_of = {entry: number for number, entry in enumerate(entries)}
    library = Tokenizer(models.WordPiece(id_of, unk_token=UNKNOWN))
    library.normalizer = normalizers.BertNormalizer(lowercase=True)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.post_processor = processors.BertProcessing((SEP, id_of[SEP]), (CLS, id_of[CLS]))
    library.enable_truncation(MAX_LENGTH)
    return library


if __name__ == "__main__":
    print(table([measure(*map(int, sys.argv[1:2]))]))
