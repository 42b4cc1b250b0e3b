"""A treebank of the generated world's own language in CoNLL-U (https://universaldependencies.org/format.html)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from data.world.captions import captions
from data.world.grammar import Phrase
from data.world.phrases import region_phrases
from data.world.plan import FIRST_TREEBANK_SCENE
from data.world.scenes import generator, make_scene

NUM_TRAIN_SENTENCES = 1500
NUM_TEST_SENTENCES = 300
_PHRASES_OF_A_SCENE = 2


def write_treebank(seed: int, *, train: Path, test: Path) -> None:
    """Captions and phrases of scenes of which nothing else is published, parsed; test scenes are others."""
    sentences = _sentences(seed)
    _write(train, islice(sentences, NUM_TRAIN_SENTENCES))
    _write(test, islice(sentences, NUM_TEST_SENTENCES))


def _sentences(seed: int) -> Iterator[tuple[str, Phrase]]:
    """An id and a sentence, without end; a caption and two phrases of each scene, so three to a scene."""
    number = FIRST_TREEBANK_SCENE
    while True:
        scene = make_scene(seed, number)
        caption = captions(scene, generator(seed, number, "captions"), num_captions=1)[0]
        random = generator(seed, number, "phrases")
        phrases = region_phrases(scene, random)
        chosen = random.choice(len(phrases), _PHRASES_OF_A_SCENE, replace=False)
        for i, phrase in enumerate([caption, *(phrases[k].phrase for k in chosen)]):
            yield f"world-{number}-{i}", phrase
        number += 1


def _write(path: Path, sentences: Iterator[tuple[str, Phrase]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for sentence_id, phrase in sentences:
            file.write(f"# sent_id = {sentence_id}\n# text = {phrase.text}\n{_lines(phrase)}\n")


def _lines(phrase: Phrase) -> str:
    """Ten columns a word; lemma, language-specific tag, features and enhanced graph are left open."""
    lines = []
    for i, word in enumerate(phrase.words):
        is_glued = i + 1 < len(phrase.words) and phrase.words[i + 1].tag == "PUNCT"
        misc = "SpaceAfter=No" if is_glued else "_"
        columns = (i + 1, word.form, "_", word.tag, "_", "_", word.head + 1, word.relation, "_", misc)
        lines.append("\t".join(map(str, columns)) + "\n")
    return "".join(lines)
