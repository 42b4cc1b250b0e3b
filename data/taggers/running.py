"""Training and tagging with any backend, in spawned processes: `import spacy` pulls in torch, which callers may not.

The number of processes does not change the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.progress import Progress
from data.taggers import TaggedText, TaggerSettings, backend, lexicon, scores
from data.taggers.treebank import Sentence
from data.workers import spawned

_CHUNK = 2000  # texts; fixed, since what shares a batch may change the last bit of a score


def train(
    name: str, treebank: Path, held_out: Path | None, *, settings: TaggerSettings, into: Path, progress: Progress
) -> None:
    """Train the backend `name` on a CoNLL-U treebank; write model, lexicon.json and scores.json into the folder `into`.

    It is scored on `held_out`, or on every tenth sentence where there is none. Equal input gives equal bytes.
    """
    backend(name)  # a name that is not there is the user's mistake, to be said here and not in a worker
    to_learn, to_score = scores.divided(treebank, held_out)
    progress(0.0, f"training on {len(to_learn):,} sentences")
    with spawned(1) as pool:
        words = [sentence.words for sentence in to_score]
        tags = pool.submit(_fit_and_tag, name, to_learn, words, settings, into).result()
    lexicon.write(lexicon.learn(to_learn), into)
    scores.write(to_score, tags, into)
    progress(1.0, f"scored on {len(to_score):,} sentences")


def tag(name: str, texts: Sequence[str], model: str) -> list[TaggedText]:
    """Tag `texts` in order, here: for workers. `model` is a folder that `train` filled, or a name the backend knows."""
    starts = range(0, len(texts), _CHUNK)
    return [
        tagged for start in starts for tagged in backend(name).tag_texts(list(texts[start : start + _CHUNK]), model)
    ]


def _fit_and_tag(
    name: str, to_learn: list[Sentence], to_tag: list[tuple[str, ...]], settings: TaggerSettings, into: Path
) -> list[list[str]]:
    """Train on some sentences and return the tags that the model, as saved, gives the others."""
    backend(name).fit(to_learn, settings, into)
    return backend(name).tag_words(to_tag, str(into))
