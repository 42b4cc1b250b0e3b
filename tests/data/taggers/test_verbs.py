from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data import phrase_tags, tables
from data.contracts import phrase_tags as tags_contract
from data.digests import files_below
from data.errors import ContractError, UserError
from data.phrase_tags import TaggingSettings
from data.progress import silent
from data.taggers import TaggerSettings, running, scores
from data.taggers.treebank import Sentence
from data.taggers.verbs import has_verb

ROOT = Path(__file__).parents[3]
BACKENDS = sorted(path.stem for path in (ROOT / "data" / "taggers").glob("*_tagger.py"))


def test_the_rule_says_whether_an_auxiliary_counts() -> None:
    copula = ["NOUN", "AUX", "ADJ"]
    assert not has_verb(copula, "verb")
    assert has_verb(copula, "verb_or_aux")
    assert has_verb(["VERB"], "verb")


def test_scores_are_worked_out_by_sentence_for_verbs_and_by_word_for_tags(tmp_path: Path) -> None:
    truth = [
        Sentence(words=("it", "runs"), tags=("PRON", "VERB")),
        Sentence(words=("it", "is"), tags=("PRON", "AUX")),
        Sentence(words=("red", "dog"), tags=("ADJ", "NOUN")),
    ]
    scores.write(truth, [("PRON", "VERB"), ("PRON", "VERB"), ("ADJ", "AUX")], tmp_path)
    assert json.loads((tmp_path / "scores.json").read_text()) == {
        "accuracy": 4 / 6,
        "num_sentences": 3,
        "num_words": 6,
        "verb": {"precision": 0.5, "recall": 1.0},  # decided for two, true of one
        "verb_or_aux": {"precision": 2 / 3, "recall": 1.0},
    }


def tag_phrases(small: Any, texts: list[str], name: str, model: str, num_workers: int = 1) -> Path:
    """The folder of the parts of speech of these phrases, two to a shard."""
    into: Path = small.empty_folder("tags")
    phrase_tags.build(
        {"vg_region_descriptions": (small.phrases({1: texts}),)},
        tagger=model,
        settings=TaggingSettings(backend=name, rows_per_shard=2),
        into=into,
        progress=silent,
        workplace=small.place(num_workers),
    )
    tags_contract.check(into)
    return into


@pytest.mark.parametrize("name", BACKENDS)
def test_every_distinct_phrase_is_tagged_once_and_workers_do_not_change_a_byte(
    name: str, small: Any, trained_on_english: Callable[[str], Path]
) -> None:
    texts = ["man wearing a cap", "net  on a court", "people are playing", "net on a court", "the cats are black", " "]
    model = str(trained_on_english(name))
    one, two = (tag_phrases(small, texts, name, model, num_workers) for num_workers in (1, 2))
    assert {path: file.read_bytes() for path, file in files_below(one)} == {
        path: file.read_bytes() for path, file in files_below(two)
    }
    assert tables.read(one / "tags", ["text"])["text"].to_pylist() == [
        *("man wearing a cap", "net on a court", "people are playing", "the cats are black")
    ]
    asked = ["the cats are black", "net on a court", "people are playing", "the cats are black"]
    assert phrase_tags.with_verbs(one, asked, "verb_or_aux") == [True, False, True, True]
    assert phrase_tags.with_verbs(one, asked, "verb") == [False, False, True, False]
    with pytest.raises(ContractError, match="none of 'a dog'"):
        phrase_tags.with_verbs(one, ["net on a court", "a dog"], "verb")


@pytest.mark.parametrize("name", BACKENDS)
def test_a_small_treebank_suffices_for_a_useful_verb_decision(
    name: str, trained_on_english: Callable[[str], Path]
) -> None:
    folder = trained_on_english(name)
    held_out = json.loads((folder / "scores.json").read_text())
    assert held_out["num_sentences"] == 60
    assert held_out["accuracy"] > 0.8
    assert min(held_out["verb_or_aux"].values()) > 0.9


@pytest.mark.parametrize("name", BACKENDS)
def test_a_model_that_is_not_installed_is_an_error_that_says_how_to_install_it(name: str, small: Any) -> None:
    with pytest.raises(UserError, match=r"no_such_model.*python -m"):
        tag_phrases(small, ["dog"], name, "no_such_model")


def test_an_unknown_backend_is_an_error_that_names_those_there_are(small: Any) -> None:
    with pytest.raises(UserError, match="nltk_tagger or spacy_tagger"):
        tag_phrases(small, ["dog"], "stanza", "x")


_TRAIN = """
import sys
from pathlib import Path
from data.progress import silent
from data.taggers import TaggerSettings
from data.taggers import running
if __name__ == "__main__":
    name, treebank, into = sys.argv[1:]
    Path(into).mkdir()
    settings = TaggerSettings(num_epochs=2)
    running.train(name, Path(treebank), None, settings=settings, into=Path(into), progress=silent)
    assert not {"torch", "spacy"}.intersection(sys.modules)
"""


@pytest.mark.parametrize("name", BACKENDS)
def test_training_gives_the_same_bytes_whatever_the_hash_seed(
    name: str, tmp_path: Path, trained_on_english: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = (trained_on_english(name) / "treebank.conllu").read_text("utf-8").split("\n\n")[:100]
    treebank = tmp_path / "treebank.conllu"
    treebank.write_text("\n\n".join(sentences) + "\n\n", "utf-8")
    script = tmp_path / "train.py"
    script.write_text(_TRAIN)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    runs = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        runs.append(subprocess.Popen([sys.executable, script, name, treebank, tmp_path / seed]))
    assert [run.wait() for run in runs] == [0, 0]
    first, second = (
        {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        for folder in (tmp_path / "1", tmp_path / "2")
    )
    assert len(first) >= 2
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKENDS)
def test_the_whole_english_treebank_gives_a_verb_decision_to_rely_on(
    name: str, tmp_path: Path, shared_data: Callable[[str], Path], short: bool
) -> None:
    if short:
        pytest.skip("trains for minutes; the short form leaves it to the fast tests' part of the treebank")
    training, test = (shared_data(f"ud_english_ewt/en_ewt-ud-{split}.conllu") for split in ("train", "test"))
    running.train(name, training, test, settings=TaggerSettings(), into=tmp_path, progress=silent)
    held_out = json.loads((tmp_path / "scores.json").read_text())
    assert held_out["num_sentences"] == 2077
    assert held_out["accuracy"] > 0.92
    assert min(held_out["verb"].values()) > 0.95
    assert min(held_out["verb_or_aux"].values()) > 0.96
