"""NLTK's averaged perceptron as the tagger: trained here from a treebank, or the one that NLTK offers for download.

A model is a folder that holds perceptron.json, or NLTK's name of a tagger. Runs in worker processes only.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.taggers import TaggedText, TaggerSettings
from data.taggers.treebank import UPOS, Sentence, penn_to_upos
from data.writers import write_json

MODEL = "perceptron.json"
_OF_NLTK = "averaged_perceptron_tagger_"  # followed by the language; a resource of nltk.download


def fit(sentences: list[Sentence], settings: TaggerSettings, into: Path) -> None:
    """Train a perceptron into `into`/perceptron.json."""
    from nltk.tag.perceptron import PerceptronTagger

    # NLTK shuffles with Python's global generator; this process does nothing else.
    random.seed(settings.seed)
    tagger = PerceptronTagger(load=False)
    tagger.train([list(zip(s.words, s.tags, strict=True)) for s in sentences], nr_iter=settings.num_epochs)
    weights, tags_of_words, classes = tagger.encode_json_obj()
    write_json(into / MODEL, {"weights": weights, "tagdict": tags_of_words, "classes": sorted(classes)})


def tag_words(sentences: list[tuple[str, ...]], model: str) -> list[list[str]]:
    """The tags of sentences that are words already."""
    return [[tag for _, tag in _tagged(list(words), model)] for words in sentences]


def tag_texts(texts: list[str], model: str) -> list[TaggedText]:
    """The words of texts, as the library splits them, and their tags."""
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
                where="[PhraseTags] tagger",
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
