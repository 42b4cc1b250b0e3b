"""What is answered of a text alone by its words in any order, and of an image alone by its colours.

Legend: N rows, T word pieces of all rows, A possible answers, V vocabulary, C colours.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.exams import Exam
from model.questions import Questions
from model.regions import Pieces

_CHANNELS = 3
_IMAGES_AT_ONCE = 256


def answers(exam: Exam, *, train: Questions, test: Questions) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """The name of each blind way, and the answer that it gives to each test row."""
    if exam.benchmark.reads == "text":
        yield from _by_words(exam, train, test)
    elif isinstance(exam.facts.store, Pieces):
        yield "mean colour", _nearest_mean(_colours(exam, train), right_answers(train), _colours(exam, test))


def right_answers(questions: Questions) -> NDArray[np.int64]:
    """The best of each row's right answers, (N,); -1 where none is possible."""
    right_N = np.full(questions.num_rows, -1, np.int64)
    for row in range(questions.num_rows):
        start, end = (int(questions.target_ends_N[row - 1]) if row else 0), int(questions.target_ends_N[row])
        if end > start:
            right_N[row] = questions.target_ids_K[start + int(questions.target_scores_K[start:end].argmax())]
    return right_N


def _by_words(exam: Exam, train: Questions, test: Questions) -> Iterator[tuple[str, NDArray[np.int64]]]:
    sep_id, right_N = exam.facts.sep_id, right_answers(train)
    counted = {"bag of words": (_all_pieces(train), _all_pieces(test))}
    if second_sentences(test, sep_id).any():
        counted["second sentence alone"] = (second_sentences(train, sep_id), second_sentences(test, sep_id))
    for name, pieces in counted.items():
        yield (
            name,
            naive_bayes(
                train,
                right_N,
                test,
                counted=pieces,
                num_answers=len(exam.answers),
                num_words=exam.facts.vocabulary_size,
            ),
        )


def naive_bayes(
    train: Questions,
    right_N: NDArray[np.int64],
    test: Questions,
    *,
    counted: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    num_answers: int,
    num_words: int,
) -> NDArray[np.int64]:
    """The likeliest answer to each test row if word pieces were drawn one by one; each is counted once more than seen.

    `counted` says which pieces of the training rows and of the test rows count.
    """
    rows_T, pieces_T = _pieces(train, counted[0])
    is_answered_T = right_N[rows_T] >= 0
    places_T = right_N[rows_T][is_answered_T] * num_words + pieces_T[is_answered_T]
    counts_AV = 1.0 + np.bincount(places_T, minlength=num_answers * num_words).reshape(num_answers, num_words)
    logs_AV = np.log(counts_AV / counts_AV.sum(1, keepdims=True))
    prior_A = np.log(1.0 + np.bincount(right_N[right_N >= 0], minlength=num_answers))
    rows_T, pieces_T = _pieces(test, counted[1])
    scores_NA = np.stack(
        [
            prior + np.bincount(rows_T, weights=logs_V[pieces_T], minlength=test.num_rows)
            for prior, logs_V in zip(prior_A, logs_AV, strict=True)
        ],
        axis=1,
    )
    return np.asarray(scores_NA.argmax(1), np.int64)


def second_sentences(questions: Questions, sep_id: int) -> NDArray[np.bool_]:
    """Which word pieces are of the second sentence of a pair: those after the first [SEP] of their row, (T,)."""
    rows_T, pieces_T = _pieces(questions, _all_pieces(questions))
    is_end_T = pieces_T == sep_id
    num_ends_T = np.cumsum(is_end_T)
    before_T = np.concatenate([[0], num_ends_T])[np.searchsorted(rows_T, rows_T)]  # those of earlier rows
    return np.asarray((num_ends_T - before_T >= 1) & ~is_end_T, np.bool_)


def word_overlap(questions: Questions, sep_id: int) -> NDArray[np.float64]:
    """The share of the distinct pieces of two sentences that both have, (N,)."""
    shares = []
    for row in range(questions.num_rows):
        start, end = (int(questions.ends_N[row - 1]) if row else 0), int(questions.ends_N[row])
        pieces = questions.token_ids_T[start + 1 : end - 1].tolist()
        middle = pieces.index(sep_id)
        first, second = set(pieces[:middle]), set(pieces[middle + 1 :])
        shares.append(len(first & second) / len(first | second))
    return np.asarray(shares)


def _all_pieces(questions: Questions) -> NDArray[np.bool_]:
    return np.ones(len(questions.token_ids_T), np.bool_)


def _pieces(questions: Questions, is_counted_T: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row of each word piece that counts, and the piece, (T,)."""
    rows_T = np.repeat(np.arange(questions.num_rows), np.diff(questions.ends_N, prepend=0))
    return rows_T[is_counted_T], questions.token_ids_T[is_counted_T]


def _colours(exam: Exam, questions: Questions) -> NDArray[np.float64]:
    """The mean red, green and blue of each row's image, (N, C)."""
    images_N = questions.images_NM[:, 0]
    means = []
    for start in range(0, len(images_N), _IMAGES_AT_ONCE):
        patches_IRF, _ = exam.show_images(images_N[start : start + _IMAGES_AT_ONCE])
        colours_IRC = patches_IRF.double().view(*patches_IRF.shape[:2], _CHANNELS, -1).mean(3)
        means.append(colours_IRC.mean(1).numpy())
    return np.concatenate(means)


def _nearest_mean(
    train_NC: NDArray[np.float64], right_N: NDArray[np.int64], test_NC: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The answer whose training rows have the nearest mean, of those that any training row has."""
    known_A = np.unique(right_N[right_N >= 0])
    means_AC = np.stack([train_NC[right_N == answer].mean(0) for answer in known_A])
    distances_NA = ((test_NC[:, None] - means_AC) ** 2).sum(2)
    return np.asarray(known_A[distances_NA.argmin(1)], np.int64)
