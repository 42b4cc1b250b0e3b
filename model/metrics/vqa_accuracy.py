"""VQA's accuracy, both ways in which it is reported.

The soft score is that of the answer among a row's targets; LXMERT and MSP print it for their own splits. The official
accuracy is what the benchmark's server computes (https://visualqa.org/evaluation.html).

With m of ten people's answers equal to the given one, the official accuracy is 0.3, 0.6, 0.9 and 1 for m of 1, 2, 3
and more: the table of the soft targets. The two differ only by the strings: official scoring normalises them.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.answers import normalise
from model.benchmarks import Answered

_ENOUGH = 3  # people who say so make an answer right


def soft_score(answered: Sequence[Answered]) -> float:
    """The mean score of the answers among their rows' targets, in per cent."""
    return 100.0 * sum(row.targets.get(row.answer, 0.0) for row in answered) / len(answered)


def official_accuracy(answered: Sequence[Answered]) -> float:
    """The mean credit by the official rule, in per cent."""
    return 100.0 * sum(official_credit(row.answer, row.published) for row in answered) / len(answered)


def official_credit(answer: str, published: Sequence[str]) -> float:
    """The mean over all ways to leave one person out of min(1, others who gave this answer / 3).

    As published, nothing is normalised where all people agree to the letter: then "2." is not "2".
    """
    answer, people = _trimmed(answer), [_trimmed(other) for other in published]
    if len(set(people)) > 1:
        answer, people = normalise(answer), [normalise(other) for other in people]
    num_people, num_same = len(people), people.count(answer)
    # Those who gave the answer meet it once less among the others.
    credit = num_same * _credit(num_same - 1) + (num_people - num_same) * _credit(num_same)
    return credit / num_people


def _credit(num_same: int) -> float:
    return min(1.0, max(num_same, 0) / _ENOUGH)


def _trimmed(answer: str) -> str:
    return answer.replace("\n", " ").replace("\t", " ").strip()
