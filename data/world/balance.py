"""Which questions are put to a scene: those that make the answers even, so that a question alone tells little.

VQA v2 has each question asked of pictures with different answers (https://arxiv.org/abs/1612.00837); here of all that
could be asked of a scene that is taken whose answer has been the rarest so far.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from data.world.facts import Fact, facts
from data.world.scenes import Scene

_MAX_EXCESS = 0.5  # questions by which an answer may be ahead of an even share and still be asked for


class Balance:
    """What one file has asked so far. Templates are asked in proportion to their weights, as far as answers allow."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._num_asked: Counter[str] = Counter()
        self._num_by: Counter[tuple[str, str]] = Counter()
        self._num_answered: Counter[tuple[str, str, str]] = Counter()

    def choose(self, scene: Scene, random: np.random.Generator, *, num_questions: int) -> list[Fact]:
        """Different facts of a scene, fewer than wanted only if there are no more."""
        candidates = functools.cache(lambda template: _shuffled(facts(scene, template), random))
        chosen: list[Fact] = []
        while len(chosen) < num_questions and (fact := self._next(candidates)) is not None:
            candidates(fact.template).remove(fact)
            self._count(fact)
            chosen.append(fact)
        return chosen

    def _next(self, candidates: Callable[[str], list[Fact]]) -> Fact | None:
        """The evenest fact of the template that lags most, unless its answer has been had too often already."""
        best: list[Fact] = []
        for template in sorted(self._weights, key=lambda t: self._num_asked[t] / self._weights[t]):
            if left := candidates(template):
                best.append(min(left, key=self._excess))
                if self._excess(best[-1]) < _MAX_EXCESS:
                    return best[-1]
        return min(best, key=self._excess, default=None)

    def _excess(self, fact: Fact) -> float:
        """By how many questions the answer is ahead of an even share, for the name where it is so most."""
        template, answer = fact.template, fact.answer
        return max(
            self._num_answered[template, name, answer] - self._num_by[template, name] / fact.num_answers
            for name in fact.balanced_by
        )

    def _count(self, fact: Fact) -> None:
        self._num_asked[fact.template] += 1
        self._num_by.update((fact.template, name) for name in fact.balanced_by)
        self._num_answered.update((fact.template, name, fact.answer) for name in fact.balanced_by)


def _shuffled(items: list[Fact], random: np.random.Generator) -> list[Fact]:
    return [items[i] for i in random.permutation(len(items))]
