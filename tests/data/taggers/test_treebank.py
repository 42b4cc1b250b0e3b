from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import SourceError
from data.taggers import treebank
from data.taggers.treebank import Sentence


def _word(number: str, form: str, tag: str, lemma: str = "_") -> str:
    return "\t".join([number, form, lemma, tag, *["_"] * 6])


def _write(path: Path, *lines: str) -> Path:
    file = path / "treebank.conllu"
    file.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return file


def test_comments_ranges_and_empty_nodes_are_no_words(tmp_path: Path) -> None:
    lines = ["# text = I don't", _word("1", "I", "PRON"), _word("2-3", "don't", "_"), _word("2", "do", "AUX", "do")]
    lines += [
        _word("3", "n't", "PART", "not"),
        _word("3.1", "go", "VERB"),
        "",
        "# two",
        _word("1", "Go", "VERB") + "\r",
        "\r",
    ]
    assert treebank.read(_write(tmp_path, *lines)) == [
        Sentence(words=("I", "do", "n't"), tags=("PRON", "AUX", "PART"), lemmas=("I", "do", "not")),
        Sentence(words=("Go",), tags=("VERB",), lemmas=("Go",)),  # a lemma that is not given is the form
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1\tdog\tNOUN", "line 2.*10 fields|10 fields.*line 2"),
        (_word("2", "dog", "NOUN"), "word number 1"),
        (_word("1", "dog", "NN"), "universal part of speech.*'NN'.*UPOS"),
        (_word("1", " ", "NOUN"), "a word.*FORM"),
        (_word("x", "dog", "NOUN"), "word number 1; found 'x'"),
    ],
)
def test_what_is_not_conllu_is_refused_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        treebank.read(_write(tmp_path, "# text = dog", line, ""))
    assert "line 2" in caught.value.where


def test_bytes_that_are_no_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "treebank.conllu"
    file.write_bytes(_word("1", "dog", "NOUN").encode() + b"\n\n# \xff\n")
    with pytest.raises(SourceError, match=r"line 3"):
        treebank.read(file)


def test_a_file_that_breaks_off_is_empty_or_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="breaks off"):
        treebank.read(_write(tmp_path, _word("1", "dog", "NOUN")))
    with pytest.raises(SourceError, match="found none"):
        treebank.read(_write(tmp_path, "# nothing"))
    with pytest.raises(SourceError, match="No such file"):
        treebank.read(tmp_path / "absent")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | st.text(alphabet="1-.\t\n#_NOUVERB", max_size=80).map(str.encode))
def test_any_bytes_are_sentences_or_a_source_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "treebank.conllu"
    file.write_bytes(content)
    try:
        found = list(treebank.sentences(file))
    except SourceError:
        return
    assert all(len(sentence.words) == len(sentence.tags) > 0 for sentence in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0))
def test_truncation_at_any_byte_is_a_whole_prefix_or_a_source_error(tmp_path: Path, cut: int) -> None:
    whole = (
        "\n".join(["# text = Räd dogs", _word("1", "Räd", "ADJ"), _word("2", "dogs", "NOUN"), ""] * 2).encode() + b"\n"
    )
    file = tmp_path / "treebank.conllu"
    file.write_bytes(whole[: cut % len(whole)])
    sentence = Sentence(words=("Räd", "dogs"), tags=("ADJ", "NOUN"), lemmas=("Räd", "dogs"))
    with suppress(SourceError):
        assert set(treebank.sentences(file)) <= {sentence}


def test_the_english_treebank_is_read_whole(shared_data: Callable[[str], Path]) -> None:
    found = treebank.read(shared_data("ud_english_ewt/en_ewt-ud-test.conllu"))
    assert (len(found), sum(len(sentence.words) for sentence in found)) == (2077, 25094)


def test_penn_tags_of_be_are_auxiliaries_as_in_the_universal_dependencies() -> None:
    tags = [("is", "VBZ"), ("parked", "VBN"), ("can", "MD"), ("dog", "NN"), ("the", "DT"), ("of", "TO")]
    assert [treebank.penn_to_upos(*pair) for pair in tags] == ["AUX", "VERB", "AUX", "NOUN", "DET", "X"]
