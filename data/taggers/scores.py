"""How well a tagger does on held-out sentences: the accuracy of its tags, and of the verb decision made from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from data.errors import SourceError
from data.taggers import TAGS, treebank
from data.taggers.treebank import Sentence
from data.taggers.verbs import has_verb
from data.writers import write_json

FILE_NAME = "scores.json"
_HOLD_OUT_EVERY = 10


def divided(path: Path, held_out: Path | None) -> tuple[list[Sentence], list[Sentence]]:
    """Sentences to train on and to score on; without a file to score on, every tenth sentence is held out."""
    found = treebank.read(path)
    if held_out is not None:
        return found, treebank.read(held_out)
    if len(found) < _HOLD_OUT_EVERY:
        raise SourceError(
            expected=f"at least {_HOLD_OUT_EVERY} sentences, to hold out every tenth",
            found=str(len(found)),
            where=str(path),
            way_out="set [sources] treebank_test, or give a larger treebank",
        )
    chosen = range(_HOLD_OUT_EVERY - 1, len(found), _HOLD_OUT_EVERY)
    return [s for number, s in enumerate(found) if number not in chosen], [found[number] for number in chosen]


def write(truth: Sequence[Sentence], predicted: Iterable[Sequence[str]], into: Path) -> None:
    """Write scores.json: accuracy by word; for each verb rule, precision and recall of "this sentence has a verb"."""
    tags = [tuple(sentence) for sentence in predicted]
    pairs = [
        pair for sentence, guess in zip(truth, tags, strict=True) for pair in zip(sentence.tags, guess, strict=True)
    ]
    scores: dict[str, Any] = {
        "accuracy": sum(true == guess for true, guess in pairs) / len(pairs),
        "num_sentences": len(truth),
        "num_words": len(pairs),
    }
    for rule in (rule for rule, verb_tags in TAGS.items() if verb_tags):
        decided = [has_verb(guess, rule) for guess in tags]
        scores[rule] = precision_and_recall([has_verb(sentence.tags, rule) for sentence in truth], decided)
    write_json(into / FILE_NAME, scores)


def precision_and_recall(truth: Sequence[bool], decided: Sequence[bool]) -> dict[str, float | None]:
    """Of "this text has a verb": what was decided against what is true; None where there is nothing to divide by."""
    num_right = sum(true and guess for true, guess in zip(truth, decided, strict=True))
    return {
        "precision": num_right / sum(decided) if any(decided) else None,
        "recall": num_right / sum(truth) if any(truth) else None,
    }
