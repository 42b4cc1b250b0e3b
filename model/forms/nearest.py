"""k-NN: the answer that most of the k training rows have whose pooled states are most alike, by their cosine.

Nothing is trained. Legend: N rows of a split, D width of the network, A possible answers, K neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from model.facts import Facts
from model.forms import Form
from model.frozen import Frozen, Judged, Pooled
from model.plugins import read_options
from model.specs import Network, Options

_ROWS_AT_ONCE = 1024
_LESS_THAN_A_VOTE = 1e-3  # of all likenesses together


@dataclass(frozen=True, kw_only=True)
class NearestSettings:
    """`k`: how many neighbours; of several the one by which most validation rows are answered right is used."""

    k: tuple[int, ...] = (1, 5, 10, 20, 50, 100)


def build(
    options: Options,
    *,
    network: Network,
    facts: Facts,
    num_images: int,
    num_answers: int,
    trained: Mapping[str, Options],
) -> Form:
    """A form without weights of its own."""
    return Nearest(read_options(NearestSettings, options, where="form nearest"))


class Nearest(Frozen):
    """Answers by the nearest training rows."""

    def __init__(self, settings: NearestSettings) -> None:
        super().__init__()
        self._k = settings.k

    def answer(self, train: Pooled, validation: Pooled, test_ND: Tensor, *, num_answers: int) -> Judged:
        """Numbers above that of the training rows are left out; of equally good ones the smallest counts."""
        possible = [k for k in sorted(self._k) if k <= len(train.right_N)] or [len(train.right_N)]
        votes = {k: _votes(train, validation.states_ND, k=k, num_answers=num_answers) for k in possible}
        found = {k: validation.accuracy(votes_NA) for k, votes_NA in votes.items()}
        chosen = max(possible, key=found.__getitem__)
        return Judged(
            probabilities_NA=_votes(train, test_ND, k=chosen, num_answers=num_answers),
            chosen={"k": chosen, "validation": {str(k): 100.0 * share for k, share in found.items()}},
        )


def _votes(train: Pooled, states_ND: Tensor, *, k: int, num_answers: int) -> Tensor:
    """The share of the k nearest that has each answer, (N, A); of equal shares the likelier neighbours' is larger."""
    train_ND = functional.normalize(train.states_ND, dim=1)
    found = []
    for start in range(0, len(states_ND), _ROWS_AT_ONCE):
        chunk_ND = states_ND[start : start + _ROWS_AT_ONCE]
        cosines_NK, rows_NK = (functional.normalize(chunk_ND, dim=1) @ train_ND.T).topk(k, dim=1)
        likeness_NK = _LESS_THAN_A_VOTE / k * (1.0 + cosines_NK) / 2.0
        votes_NA = torch.zeros(len(chunk_ND), num_answers)
        votes_NA.scatter_add_(1, train.right_N[rows_NK], 1.0 + likeness_NK)
        found.append(votes_NA / votes_NA.sum(1, keepdim=True))
    return torch.cat(found)
