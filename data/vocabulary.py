"""The word pieces of all corpora: a WordPiece vocabulary trained here or taken from BERT, and how text becomes ids.

The pieces are BERT's (lower-cased, accents stripped, split at white space and punctuation, then greedily from the
left): https://github.com/google-research/bert#tokenization.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from data import documents, texts
from data import images as image_table
from data.documents import TextSplits
from data.errors import SourceError, UserError
from data.images import ImageTable
from data.progress import Progress
from data.records import Rejection
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.sources import SourceFiles, only_file, read

FILE_NAME = "vocab.txt"
PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIALS = (PAD, UNKNOWN, CLS, SEP, MASK)

_MAX_ALPHABET = 1000  # BERT's own limit: rarer characters become [UNK]
_MAX_WORD_LENGTH = 100  # characters; WordPiece gives [UNK] for longer words
_MAX_CACHED = 1 << 18  # words; the cache of a wild text must not grow without end
_TEXTS_OF_IMAGES: tuple[Literal["phrases", "captions"], ...] = ("phrases", "captions")
# Only what BERT turns into a space: it deletes the other characters that Python calls white space.
_SPACES = re.compile(r"[ \t\n\r]+")


@dataclass(frozen=True, kw_only=True)
class VocabularySettings:
    """How many entries to train, specials and single characters included; the text may yield fewer.

    `splits` says which documents of the sources of texts are learnt from, None: there are none; `text_column` is where
    tables have them.
    """

    num_entries: int
    splits: TextSplits | None = None
    text_column: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word as BERT's pre-tokeniser gives it (lower case, without accents; punctuation is a word of its own)."""

    text: str
    piece_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A text from [CLS] to [SEP], and the words of which every piece is in it."""

    token_ids: list[int]
    words: list[Word]
    is_truncated: bool


class Vocabulary:
    """Entries and their ids (an entry's line), and the encoding of text; no text can become a special entry."""

    def __init__(self, tokens: Sequence[str]) -> None:
        from tokenizers import models, normalizers, pre_tokenizers

        self.tokens = tuple(tokens)
        self.size = len(self.tokens)
        self.id_of = {token: number for number, token in enumerate(self.tokens)}
        self.pad_id, self.unknown_id, self.cls_id, self.sep_id, self.mask_id = (self.id_of[s] for s in SPECIALS)
        self._normalizer = normalizers.BertNormalizer(lowercase=True)
        self._splitter = pre_tokenizers.BertPreTokenizer()
        self._pieces = models.WordPiece(self.id_of, unk_token=UNKNOWN)
        self.words_of_chunk = functools.lru_cache(_MAX_CACHED)(self._split_chunk)

    def split(self, text: str) -> list[Word]:
        """All words of `text` with their pieces, in order."""
        return [word for chunk in _SPACES.split(text) for word in self.words_of_chunk(chunk)]

    def encode(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        """The ids of each text from [CLS] to [SEP], at most `max_length` of them."""
        return [self.encode_words(text, max_length).token_ids for text in texts]

    def encode_words(self, text: str, max_length: int) -> Encoded:
        """One text from [CLS] to [SEP], cut after `max_length` - 2 pieces, with the words that survived whole."""
        assert max_length >= 3, f"no room for a word in {max_length} pieces"
        words = self.split(text)
        token_ids = [self.cls_id]
        num_whole = 0
        for word in words:
            token_ids.extend(word.piece_ids)
            if len(token_ids) > max_length - 1:
                break
            num_whole += 1
        return Encoded(
            token_ids=[*token_ids[: max_length - 1], self.sep_id],
            words=words[:num_whole],
            is_truncated=num_whole < len(words),
        )

    def encode_pair(self, first: str, second: str, max_length: int) -> Encoded:
        """Two texts from [CLS] to [SEP], with another [SEP] between them; of the longer one pieces are cut at its end.

        Nothing else tells the two apart. `words` are those of both, whole or not.
        """
        assert max_length >= 5, f"no room for two words in {max_length} pieces"
        texts = [self.split(first), self.split(second)]
        pieces = [[piece for word in words for piece in word.piece_ids] for words in texts]
        num_over = sum(map(len, pieces)) + 3 - max_length
        for _ in range(num_over):
            max(pieces, key=len).pop()
        return Encoded(
            token_ids=[self.cls_id, *pieces[0], self.sep_id, *pieces[1], self.sep_id],
            words=[word for words in texts for word in words],
            is_truncated=num_over > 0,
        )

    def _split_chunk(self, chunk: str) -> tuple[Word, ...]:
        pre_tokens = self._splitter.pre_tokenize_str(self._normalizer.normalize_str(chunk))
        return tuple(
            Word(text=text, piece_ids=tuple(piece.id for piece in self._pieces.tokenize(text)))
            for text, _ in pre_tokens
        )


def load(folder: Path) -> Vocabulary:
    """The vocabulary in `folder`, as `train` or `adopt` wrote it."""
    return Vocabulary(checked(folder / FILE_NAME))


def adopt(files: SourceFiles, *, into: Path) -> None:
    """Take the user's `bert_vocabulary` as it is, once it is seen to be one. Raises SourceError."""
    _write(into, checked(only_file(files, "bert_vocabulary")))


def train(
    files: SourceFiles, *, images: Path, regions: Path, settings: VocabularySettings, into: Path, progress: Progress
) -> None:
    """Train a WordPiece vocabulary on all texts of the train split: labels of regions, phrases, captions, questions.

    Texts beside no image count where `settings` have their splits.
    """
    of_images = _texts(files, image_table.load(images), RegionStore.open(regions / REGIONS_FILE))
    counts = _count_words(chain(of_images, _texts_alone(files, settings)), progress)
    alphabet = _alphabet(counts)
    fixed = [*SPECIALS, *(f"##{character}" for character in alphabet)]
    if settings.num_entries < len(fixed) + len(alphabet):
        raise UserError(
            expected=f"at least {len(fixed) + len(alphabet)} entries: the specials, and each character twice",
            found=str(settings.num_entries),
            where="[Vocabulary] num_entries",
            way_out=f"set num_entries to {len(fixed) + len(alphabet)} or more, some thousands for real text",
        )
    progress(0.8, f"training on {len(counts):,} distinct words")
    _write(into, _train_pieces(counts, alphabet, fixed, settings.num_entries))


def _train_pieces(counts: Counter[str], alphabet: list[str], fixed: list[str], num_entries: int) -> list[str]:
    """The entries in the order of their ids.

    The trainer numbers the characters that it meets in the order of a hash table, which differs by run. Given all of
    them beforehand, as the alphabet and (their `##` forms) as special tokens, it has nothing left to number.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=num_entries,
        special_tokens=fixed,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_repeated(counts), trainer)
    return sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)


def _repeated(counts: Counter[str]) -> Iterator[str]:
    """Each word as often as it was seen, in texts of bounded size: the trainer takes texts, not counts."""
    for word in sorted(counts):
        full, rest = divmod(counts[word], 1000)
        for repeats in (*[1000] * full, rest):
            yield " ".join([word] * repeats)


def _count_words(texts: Iterable[tuple[str, int]], progress: Progress) -> Counter[str]:
    """How often each word is in the texts, normalised as BERT does; memory grows with distinct words only."""
    from tokenizers import normalizers, pre_tokenizers

    chunks: Counter[str] = Counter()
    for number, (text, count) in enumerate(texts):
        for chunk in _SPACES.split(text):
            chunks[chunk] += count
        if number % 50_000 == 0:
            progress(0.0, f"{number:,} texts read")
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    words: Counter[str] = Counter()
    for chunk, count in chunks.items():
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(chunk)):
            if len(word) <= _MAX_WORD_LENGTH:
                words[word] += count
    return words


def _alphabet(counts: Counter[str]) -> list[str]:
    """The characters of all words, sorted; of more than `_MAX_ALPHABET`, the most frequent."""
    characters: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    ranked = sorted(characters, key=lambda character: (-characters[character], character))
    return sorted(ranked[:_MAX_ALPHABET])


def _texts(files: SourceFiles, table: ImageTable, store: RegionStore) -> Iterator[tuple[str, int]]:
    """All text that may be learnt from, and how often it is there."""
    is_training_N = np.array([table.split.get(image_id) == "train" for image_id in store.image_ids], dtype=bool)
    ids = store.object_ids_NR[is_training_N].ravel()
    counts = np.bincount(ids[ids >= 0], minlength=len(store.object_names)).tolist()
    yield from ((_encodable(name), count) for name, count in zip(store.object_names, counts, strict=True) if count)
    for content in _TEXTS_OF_IMAGES:
        for batch in texts.batches(files, content, _ignore):
            ids = batch["image_id"].dictionary_encode()
            is_training = pa.array(
                [_is_training(image_id, table) for image_id in ids.dictionary.to_pylist()], pa.bool_()
            )
            yield from ((text, 1) for text in batch["text"].filter(is_training.take(ids.indices)).to_pylist())
    for question in read(files, "questions", _ignore):
        if all(_is_training(image_id, table) for image_id in question.image_ids):
            yield _encodable(question.text), 1


def _texts_alone(files: SourceFiles, settings: VocabularySettings) -> Iterator[tuple[str, int]]:
    """As `_texts`, of the sources of texts."""
    if settings.splits is not None:
        found = documents.training_texts(files, _ignore, column=settings.text_column, splits=settings.splits)
        yield from ((text, 1) for text in found)


def _is_training(image_id: str, table: ImageTable) -> bool:
    return table.split.get(table.canonical.get(image_id, "")) == "train"


def _encodable(text: str) -> str:
    """The text without lone surrogates, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "ignore").decode()


def _ignore(rejection: Rejection) -> None:
    """Rejected records are counted by the corpus that is made of them, not here."""


def _write(into: Path, tokens: Sequence[str]) -> None:
    (into / FILE_NAME).write_bytes("".join(f"{token}\n" for token in tokens).encode())


def checked(path: Path) -> list[str]:
    """The entries of a vocab.txt, or SourceError: UTF-8, one entry a line, none twice, the five specials among them."""
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _not_a_vocabulary(path, str(error)) from error
    tokens = [line.removesuffix("\r") for line in lines]
    if tokens and not tokens[-1]:
        tokens.pop()
    missing = [special for special in SPECIALS if special not in tokens]
    if missing:
        raise _not_a_vocabulary(path, f"no {' '.join(missing)} among {len(tokens)} entries")
    if len(tokens) == len(SPECIALS):
        raise _not_a_vocabulary(path, "nothing beside these five")
    first_line: dict[str, int] = {}
    for number, token in enumerate(tokens, start=1):
        if not token:
            raise _not_a_vocabulary(f"{path}, line {number}", "an empty line")
        if first_line.setdefault(token, number) != number:
            raise _not_a_vocabulary(f"{path}, line {number}", f"{token!r}, which is line {first_line[token]} too")
    return tokens


def _not_a_vocabulary(where: Path | str, found: str) -> SourceError:
    return SourceError(
        expected="a BERT vocabulary: UTF-8, one entry a line, none twice, [PAD] [UNK] [CLS] [SEP] [MASK] among them",
        found=found,
        where=str(where),
        way_out="point [sources] bert_vocabulary at BERT's vocab.txt, or unset it to train a vocabulary",
    )
