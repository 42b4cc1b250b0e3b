"""NLTK's averaged perceptron as the tagger: trained here from a treebank, or the one that NLTK offers for download.

Functions without an underscore only start spawned processes, as for spaCy.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.progress import Progress
from data.taggers import TaggedText, TaggerSettings, scores, workers
from data.taggers.treebank import UPOS, Sentence, penn_to_upos
from data.writers import write_json

MODEL = "perceptron.json"
_OF_NLTK = "averaged_perceptron_tagger_"  # followed by the language; a resource of nltk.download


def train(treebank: Path, held_out: Path | None, *, settings: TaggerSettings, into: Path, progress: Progress) -> None:
    """Train a perceptron into `into`/perceptron.json, with `scores.json` beside it; equal input gives equal bytes."""
    to_learn, to_score = scores.divided(treebank, held_out)
    progress(0.0, f"training on {len(to_learn):,} sentences")
    tags = workers.call(_train_and_tag, to_learn, [s.words for s in to_score], settings, into)
    scores.write(to_score, tags, into)
    progress(1.0, f"scored on {len(to_score):,} sentences")


def tag(texts: Sequence[str], model: str, *, num_workers: int, progress: Progress) -> Iterator[list[TaggedText]]:
    """Tag `texts` in chunks; `model` is a folder that holds perceptron.json, or NLTK's name of a perceptron tagger."""
    return workers.tag_chunks(_tag_texts, texts, model, num_workers=num_workers, progress=progress)


def _train_and_tag(
    to_learn: list[Sentence], to_tag: list[tuple[str, ...]], settings: TaggerSettings, into: Path
) -> list[list[str]]:
    """Train on some sentences and return the tags that the model, as saved, gives the others."""
    _train(to_learn, settings, into / MODEL)
    return _tag_words(to_tag, str(into))


def _train(sentences: list[Sentence], settings: TaggerSettings, path: Path) -> None:
    from nltk.tag.perceptron import PerceptronTagger

    # NLTK shuffles with Python's global generator; this process does nothing else.
    random.seed(settings.seed)
    tagger = PerceptronTagger(load=False)
    tagger.train([list(zip(s.words, s.tags, strict=True)) for s in sentences], nr_iter=settings.num_epochs)
    weights, tags_of_words, classes = tagger.encode_json_obj()
    write_json(path, {"weights": weights, "tagdict": tags_of_words, "classes": sorted(classes)})


def _tag_words(sentences: list[tuple[str, ...]], model: str) -> list[list[str]]:
    """The tags of sentences that are words already."""
    return [[tag for _, tag in _tagged(list(words), model)] for words in sentences]


def _tag_texts(texts: list[str], model: str) -> list[TaggedText]:
    from nltk.tokenize import NLTKWordTokenizer

    tokenizer = NLTKWordTokenizer()
    return [_tagged(tokenizer.tokenize(text), model) for text in texts]


def _tagged(words: list[str], model: str) -> TaggedText:
    tagger = _load(model)
    return [(word, tag if tag in UPOS else penn_to_upos(word, tag)) for word, tag in tagger.tag(words)]


_loaded: dict[str, Any] = {}


def _load(model: str) -> Any:
    """The tagger, loaded once per process. Raises UserError if it is not there."""
    if model not in _loaded:
        path = Path(model) / MODEL
        try:
            _loaded[model] = _trained_here(path) if path.is_file() else _of_nltk(model)
        except (LookupError, OSError, ValueError, TypeError) as error:
            raise UserError(
                expected=f"a folder with {MODEL}, or NLTK's {_OF_NLTK}eng",
                found=f"{model!r}: {' '.join(str(error).split())[:200]}",
                where="[PhraseCorpus] tagger",
                way_out=f"python -m nltk.downloader {_OF_NLTK}eng, or leave it unset to train one from a treebank",
            ) from error
    return _loaded[model]


def _trained_here(path: Path) -> Any:
    from nltk.tag.perceptron import PerceptronTagger

    model = json.loads(path.read_text("utf-8"))
    return PerceptronTagger.decode_json_obj((model["weights"], model["tagdict"], model["classes"]))


def _of_nltk(model: str) -> Any:
    from nltk.tag.perceptron import PerceptronTagger

    if not model.startswith(_OF_NLTK):
        raise LookupError("no such folder, and no such name in NLTK")
    return PerceptronTagger(lang=model.removeprefix(_OF_NLTK))
