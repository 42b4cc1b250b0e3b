"""How well the verb filter decides, and what the lexicon spares it: `python -m speed.verb_filter [SHARED_DATA]`.

Trains both backends on English EWT (some minutes), then scores "this text holds a verb" by every backend, mode and rule
on EWT's test split and on phrases that were labelled by hand (tests/data/taggers/labels), and compares the modes on all
phrases and captions of the folder. Prints tables in Markdown, which docs/msp.md holds.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.progress import silent
from data.taggers import TAGS, TaggerSettings, VerbRule, backend_names, lexicon, running, treebank
from data.taggers.scores import precision_and_recall
from data.taggers.verbs import has_verb
from data.text_tables import one_line
from data.workers import spawned

CHECKOUT = Path(__file__).parents[1]
LABELS = CHECKOUT / "tests" / "data" / "taggers" / "labels"
LABELLED = {
    "Visual Genome, 111 phrases": ("region_descriptions_2images.json", "visual_genome_2images.csv"),
    "stand-in, 150 phrases": ("region_descriptions_standin_coco_val2017.json", "standin_coco_val2017.csv"),
}
RULES: tuple[VerbRule, ...] = ("verb", "verb_or_aux")
Verdicts = Mapping[VerbRule, NDArray[np.bool_]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """How one way decides on one set of texts, and the share of them that its tagger saw."""

    texts: str
    backend: str
    mode: str
    rule: VerbRule
    precision: float
    recall: float
    tagged_rate: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What lexicon_first changes on texts that nobody labelled."""

    texts: str
    backend: str
    rule: VerbRule
    num_texts: int
    tagged_rate: float
    num_gained: int
    """Texts that hold a verb by the lexicon and none by the tagger."""
    num_lost: int
    """The other way round."""


def train(shared: Path, into: Path, *, num_sentences: int | None = None, num_epochs: int = 8) -> dict[str, Path]:
    """A folder for each backend, trained on EWT's (first `num_sentences`) training sentences."""
    whole = shared / "ud_english_ewt" / "en_ewt-ud-train.conllu"
    test = shared / "ud_english_ewt" / "en_ewt-ud-test.conllu"
    part = into / "train.conllu"
    part.write_text("\n\n".join(whole.read_text("utf-8").rstrip().split("\n\n")[:num_sentences]) + "\n\n", "utf-8")
    folders = {name: into / name for name in backend_names()}
    for name, folder in folders.items():
        folder.mkdir()
        settings = TaggerSettings(seed=1, num_epochs=num_epochs)
        running.train(name, part, test, settings=settings, into=folder, progress=silent)
    return folders


def scores(shared: Path, taggers: Mapping[str, Path]) -> list[Row]:
    """Every backend, mode and rule on EWT's test split and on the labelled phrases."""
    rows = []
    for name, (texts, truth) in {**_treebank_texts(shared), **_labelled(shared)}.items():
        for backend, folder in taggers.items():
            exact, known = _exact(texts, backend, folder), lexicon.load(str(folder)).of_texts(pa.array(texts))
            for mode, verdicts in (("exact", exact), ("lexicon_first", _lexicon_first(exact, known))):
                tagged_rate = 1.0 if mode == "exact" else float((known == lexicon.MAYBE).mean())
                for rule in RULES:
                    found = precision_and_recall(truth[rule].tolist(), verdicts[rule].tolist())
                    rows.append(
                        Row(
                            texts=name,
                            backend=backend,
                            mode=mode,
                            rule=rule,
                            precision=found["precision"] or 0.0,
                            recall=found["recall"] or 0.0,
                            tagged_rate=tagged_rate,
                        )
                    )
    return rows


def differences(shared: Path, taggers: Mapping[str, Path]) -> list[Difference]:
    """What lexicon_first changes on all distinct phrases and captions of the folder."""
    found = []
    for name, texts in _unlabelled(shared).items():
        for backend, folder in taggers.items():
            exact, known = _exact(texts, backend, folder), lexicon.load(str(folder)).of_texts(pa.array(texts))
            for rule in RULES:
                first = _lexicon_first(exact, known)[rule]
                found.append(
                    Difference(
                        texts=name,
                        backend=backend,
                        rule=rule,
                        num_texts=len(texts),
                        tagged_rate=float((known == lexicon.MAYBE).mean()),
                        num_gained=int((first & ~exact[rule]).sum()),
                        num_lost=int((exact[rule] & ~first).sum()),
                    )
                )
    return found


def _exact(texts: Sequence[str], backend: str, folder: Path) -> Verdicts:
    with spawned(1) as pool:
        tagged = pool.submit(running.tag, backend, texts, str(folder)).result()
    return {rule: np.array([has_verb([tag for _, tag in words], rule) for words in tagged]) for rule in RULES}


def _lexicon_first(exact: Verdicts, known: NDArray[np.int8]) -> Verdicts:
    """What the lexicon settles, and the tagger's verdict of the rest."""
    is_open = known == lexicon.MAYBE
    return {rule: np.where(is_open, verdicts, known == lexicon.ALWAYS) for rule, verdicts in exact.items()}


def _treebank_texts(shared: Path) -> Mapping[str, tuple[list[str], Verdicts]]:
    """The test split, its words joined with spaces: split again by the tagger, as phrases are."""
    found = treebank.read(shared / "ud_english_ewt" / "en_ewt-ud-test.conllu")
    truth = {rule: np.array([has_verb(sentence.tags, rule) for sentence in found]) for rule in RULES}
    return {f"EWT test, {len(found):,} sentences": ([" ".join(sentence.words) for sentence in found], truth)}


def _labelled(shared: Path) -> Mapping[str, tuple[list[str], Verdicts]]:
    found: dict[str, tuple[list[str], Verdicts]] = {}
    for name, (phrases, labels) in LABELLED.items():
        text_of = _phrases(shared / "visual_genome" / phrases)
        with (LABELS / labels).open(encoding="utf-8", newline="") as file:
            label_of = {int(row["region_id"]): row["label"] for row in csv.DictReader(file)}
        truth = {rule: np.array([label.upper() in TAGS[rule] for label in label_of.values()]) for rule in RULES}
        found[name] = ([text_of[region_id] for region_id in label_of], truth)
    return found


def _phrases(path: Path) -> dict[int, str]:
    images = json.loads(path.read_text("utf-8"))
    return {r["region_id"]: one_line(r["phrase"]) or "" for image in images for r in image["regions"]}


def _unlabelled(shared: Path) -> dict[str, list[str]]:
    annotations = json.loads((shared / "coco/annotations/captions_val2017.json").read_text("utf-8"))["annotations"]
    captions = {one_line(annotation["caption"]) or "" for annotation in annotations}
    folder = shared / "visual_genome"
    return {
        "Visual Genome's phrases": sorted(set(_phrases(folder / LABELLED["Visual Genome, 111 phrases"][0]).values())),
        "stand-in phrases": sorted(set(_phrases(folder / LABELLED["stand-in, 150 phrases"][0]).values())),
        "captions of val2017": sorted(captions),
    }


def main() -> None:
    """Train, score, print."""
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT.parent / "shared" / "data"
    with tempfile.TemporaryDirectory() as folder:
        taggers = train(shared, Path(folder))
        print("| texts | backend | mode | rule | precision | recall | tagged |\n|---|---|---|---|---|---|---|")
        for row in scores(shared, taggers):
            rates = f"{row.precision:.3f} | {row.recall:.3f} | {row.tagged_rate:.0%}"
            print(f"| {row.texts} | `{row.backend}` | `{row.mode}` | `{row.rule}` | {rates} |")
        print("\n| texts | backend | rule | distinct | tagged | verb by the lexicon alone | by the tagger alone |")
        print("|---|---|---|---|---|---|---|")
        for found in differences(shared, taggers):
            counts = f"{found.num_texts:,} | {found.tagged_rate:.0%} | {found.num_gained} | {found.num_lost}"
            print(f"| {found.texts} | `{found.backend}` | `{found.rule}` | {counts} |")


if __name__ == "__main__":
    main()
