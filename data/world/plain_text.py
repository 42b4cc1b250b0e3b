"""Plain text of the generated world: sentences about scenes that are not drawn, a scene a document.

The form is BERT's: a sentence a line, a blank line between documents
(https://github.com/google-research/bert#pre-training-with-bert).
"""

from __future__ import annotations

from pathlib import Path

from data.world.captions import captions
from data.world.plan import FIRST_TEXT_SCENE
from data.world.scenes import generator, make_scene

NUM_SENTENCES = 2  # of a scene


def write_texts(num_scenes: int, seed: int, *, path: Path) -> None:
    """Write `NUM_SENTENCES` captions of each of so many scenes of which nothing else is published."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for number in range(FIRST_TEXT_SCENE, FIRST_TEXT_SCENE + num_scenes):
            found = captions(make_scene(seed, number), generator(seed, number, "captions"), num_captions=NUM_SENTENCES)
            file.write("".join(f"{phrase.text}\n" for phrase in found) + "\n")
