"""Phrases tagged, beside spaCy one text at a time with its default pipeline: `python -m speed.tagging`.

Arguments are the number of regions and the train split of English EWT (shared/data beside the checkout).

spaCy's English models cannot be had everywhere, so that the other way is a pipeline of the same components and sizes as
its small English model, untrained: tok2vec, tagger, parser, named entities. Nothing is said of its tags.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from data import distinct_texts, phrase_tags, tables
from data.phrase_tags import Mode, TaggingSettings
from data.progress import silent
from data.shards import Workplace
from data.sources.vg_region_descriptions import phrases_in_bulk
from data.taggers import TaggerSettings, running
from speed import generating
from speed.measuring import Row, Taken, Target, apart, table

TARGET = Target(limit="at least", ratio=10.0)
NUM_OF_PEER = 2_000
_PENN_TAGS = 50
_TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 96,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE", "SPACY", "IS_SPACE"],
        "rows": [5000, 1000, 2500, 2500, 50, 50],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": 96,
        "depth": 4,
        "window_size": 1,
        "maxout_pieces": 3,
    },
}


def measure(treebank: Path, num_regions: int = 200_000, *, num_rounds: int = 3) -> list[Row]:
    """Tag the distinct phrases of that many generated regions, exactly and by the lexicon first, with two workers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "region_descriptions.json"
        generating.region_descriptions(source, num_images=max(num_regions // 50, 1), num_regions=num_regions)
        num = distinct_texts.write((b["text"] for b in phrases_in_bulk(source, print)), folder / "distinct.arrow")
        (folder / "tagger").mkdir()
        settings = TaggerSettings(num_epochs=1)
        running.train("spacy_tagger", treebank, None, settings=settings, into=folder / "tagger", progress=silent)
        ways = {
            "exact": partial(_tagged, folder, "exact"),
            "lexicon_first": partial(_tagged, folder, "lexicon_first"),
            "spaCy": partial(_peer, folder),
        }
        taken = apart(ways, num_rounds=num_rounds)
    peer = taken["spaCy"]
    theirs = Taken(seconds=peer.seconds * num / min(num, NUM_OF_PEER), peak_mib=peer.peak_mib)
    against = f"spaCy's default pipeline, one text at a time (from {NUM_OF_PEER:,} of them)"
    return [
        Row(
            work=f"{num:,} distinct phrases tagged: {mode}",
            against=against,
            ours=taken[mode],
            theirs=theirs,
            target=TARGET,
        )
        for mode in ("exact", "lexicon_first")
    ]


def _tagged(folder: Path, mode: Mode) -> None:
    """The whole artifact, reading included."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        phrase_tags.build(
            {"vg_region_descriptions": (folder / "region_descriptions.json",)},
            tagger=str(folder / "tagger"),
            settings=TaggingSettings(backend="spacy_tagger", rows_per_shard=20_000, mode=mode),
            into=Path(name),
            progress=silent,
            workplace=Workplace(scratch=Path(name) / "scratch", num_workers=2),
        )
        assert tables.num_rows(Path(name) / phrase_tags.FOLDER) > 0


def _peer(folder: Path) -> None:
    """Some of the same phrases; importing and making the pipeline is a small part of it."""
    import spacy
    from spacy.tokens import Doc
    from spacy.training import Example

    texts = distinct_texts.read(folder / "distinct.arrow", range(10**9)).to_pylist()
    pipeline: Any = spacy.blank("en")
    pipeline.add_pipe("tok2vec", config={"model": _TOK2VEC})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
    tagger = pipeline.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
    parser = pipeline.add_pipe("parser", config={"model": {"tok2vec": listener}})
    entities = pipeline.add_pipe("ner")
    for number in range(_PENN_TAGS):
        tagger.add_label(f"T{number}")
        parser.add_label(f"D{number}")
    for label in ("PERSON", "ORG", "GPE", "DATE"):
        entities.add_label(label)
    words = ["a", "dog"]
    doc = Doc(pipeline.vocab, words=words)
    truth = {"tags": ["T0", "T1"], "heads": [1, 1], "deps": ["D0", "ROOT"], "entities": ["O", "U-ORG"]}
    pipeline.initialize(lambda: [Example.from_dict(doc, truth)])
    step = max(len(texts) // NUM_OF_PEER, 1)
    for text in texts[::step][:NUM_OF_PEER]:
        pipeline(text)


if __name__ == "__main__":
    given = sys.argv[1:]
    beside = Path(__file__).parents[2] / "shared" / "data" / "ud_english_ewt" / "en_ewt-ud-train.conllu"
    print(table(measure(Path(given[1]) if given[1:] else beside, *map(int, given[:1]))))
