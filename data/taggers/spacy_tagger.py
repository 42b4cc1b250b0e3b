"""spaCy as the tagger: trained here from a treebank, or an installed package such as `en_core_web_sm`.

A model is a folder (a pipeline, or one that holds `model/`) or an installed package. Runs in worker processes only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data.errors import UserError
from data.taggers import TaggedText, TaggerSettings
from data.taggers.treebank import UPOS, Sentence, penn_to_upos

MODEL = "model"

# A small convolutional tagger: hashed word shapes and affixes, two layers that each see one neighbour on either side.
_NETWORK = {
    "@architectures": "spacy.Tagger.v2",
    "nO": None,
    "normalize": False,
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 64,
        "depth": 2,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    },
}
_BATCH = 32  # sentences of an update
_DROPOUT_RATE = 0.1
_TAG_BATCH = 1000  # texts; larger ones gain nothing

# The components of a ready-made pipeline that tags do not need, and those that they do.
_LEFT_OUT = [
    "parser",
    "senter",
    "sentencizer",
    "ner",
    "entity_ruler",
    "entity_linker",
    "lemmatizer",
    "textcat",
    "spancat",
]
_TAGGING = {"transformer", "tok2vec", "tagger", "morphologizer", "attribute_ruler"}


def fit(sentences: list[Sentence], settings: TaggerSettings, into: Path) -> None:
    """Train a pipeline into `into`/model."""
    import spacy
    from spacy.tokens import Doc
    from spacy.training import Example
    from thinc.api import fix_random_seed

    # thinc draws initial weights and dropout from global generators; this process does nothing else.
    fix_random_seed(settings.seed)
    pipeline = spacy.blank("en")
    tagger: Any = pipeline.add_pipe("tagger", config={"model": _NETWORK})
    for label in sorted({tag for sentence in sentences for tag in sentence.tags}):
        tagger.add_label(label)
    examples = [Example.from_dict(Doc(pipeline.vocab, words=list(s.words)), {"tags": list(s.tags)}) for s in sentences]
    optimizer = pipeline.initialize(lambda: examples)
    generator = np.random.default_rng(settings.seed)
    for _ in range(settings.num_epochs):
        order = generator.permutation(len(examples))
        for start in range(0, len(order), _BATCH):
            batch = [examples[number] for number in order[start : start + _BATCH]]
            pipeline.update(batch, sgd=optimizer, drop=_DROPOUT_RATE)
    with pipeline.use_params(optimizer.averages):
        pipeline.to_disk(into / MODEL)


def tag_words(sentences: list[tuple[str, ...]], model: str) -> list[list[str]]:
    """The tags of sentences that are words already."""
    from spacy.tokens import Doc

    pipeline = _load(model)
    docs = (Doc(pipeline.vocab, words=list(words)) for words in sentences)
    return [[_upos(token) for token in doc] for doc in pipeline.pipe(docs, batch_size=_TAG_BATCH)]


def tag_texts(texts: list[str], model: str) -> list[TaggedText]:
    """The words of texts, as the library splits them, and their tags."""
    pipeline = _load(model)
    return [[(token.text, _upos(token)) for token in doc] for doc in pipeline.pipe(texts, batch_size=_TAG_BATCH)]


_loaded: dict[str, Any] = {}


def _load(model: str) -> Any:
    """The pipeline with its tagging components only, loaded once per process. Raises UserError if it is not there."""
    import spacy

    if model not in _loaded:
        folder = Path(model)
        try:
            pipeline = spacy.load(folder / MODEL if (folder / MODEL).is_dir() else model, exclude=_LEFT_OUT)
        except (OSError, ValueError, ImportError, AttributeError) as error:  # a package that is no pipeline has no load
            raise _not_a_pipeline(model, str(error)) from error
        names = [name for name in pipeline.pipe_names if name in _TAGGING]
        if not {"tagger", "morphologizer"}.intersection(names):
            raise _not_a_pipeline(model, f"a pipeline of {', '.join(pipeline.pipe_names) or 'nothing'}")
        pipeline.select_pipes(enable=names)
        _loaded[model] = pipeline
    return _loaded[model]


def _upos(token: Any) -> str:
    """The universal tag: set by the pipeline, or the tag itself (our own model), or what a Penn tag stands for."""
    if token.pos_:
        return str(token.pos_)
    tag = str(token.tag_)
    return tag if tag in UPOS else penn_to_upos(token.text, tag)


def _not_a_pipeline(model: str, found: str) -> UserError:
    return UserError(
        expected=f"a spaCy pipeline with a tagger: an installed package or a folder, named {model!r}",
        found=found.split("\n")[0][:200],
        where="[PhraseTags] tagger",
        way_out="install it (python -m spacy download en_core_web_sm), or leave it unset to train one from a treebank",
    )
