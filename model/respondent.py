"""A network with the form in which it answers a benchmark: what fine-tuning trains and evaluation judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from data.errors import UserError
from model import learner, plugins
from model.benchmarks import check_reads
from model.exams import Exam
from model.forms import Form
from model.initialise import initialise
from model.networks import Encoder
from model.pairs import Pairs
from model.specs import Form as FormSpec
from model.specs import Network, Options


class Respondent(nn.Module):
    """`encoder` and, as `heads`, the form: tensors bear the names that they have in a `Learner`.

    Raises UserError where the network cannot read what the benchmark shows.
    """

    encoder: Encoder
    heads: Form

    def __init__(
        self, network: Network, form: FormSpec, exam: Exam, *, trained: Mapping[str, Options], seed: int
    ) -> None:
        super().__init__()
        self.encoder = plugins.load("networks", network.name).build(network, tokens=exam.facts.tokens)
        check_reads(exam.benchmark, network, reads_alone=self.encoder.reads_alone)
        self.heads = plugins.load("forms", form.name).build(
            form.options,
            network=network,
            facts=exam.facts,
            num_images=exam.benchmark.num_images,
            num_answers=len(exam.answers),
            trained=trained,
        )
        initialise(self, seed=seed, scheme=network.options.get("init", "bert"))

    def losses(self, pairs: Pairs, names: Sequence[str] | None = None) -> Tensor:
        """The one loss, (1,): what a part of a batch adds to it."""
        logits_BA = self.heads.logits(self.encoder, pairs)
        losses_B = self.heads.row_loss.of_rows(logits_BA, pairs.targets_BA)
        return (losses_B.sum() / pairs.num_asked)[None]


def head_options(description: Mapping[str, Any]) -> dict[str, Options]:
    """The options of the heads that weights were trained with, by name, from their network.json (empty: none)."""
    return {head["name"]: head["options"] for head in description.get("heads", ())}


def load(respondent: Respondent, weights: Mapping[str, Tensor], *, where: Path) -> None:
    """Take all tensors from `weights`. Raises UserError where some are missing or of another shape."""
    own = respondent.state_dict()
    lacking = [name for name, tensor in own.items() if name not in weights or weights[name].shape != tensor.shape]
    if lacking:
        parts = sorted({".".join(name.split(".")[:2]) for name in lacking})
        raise UserError(
            expected=f"weights that fit the benchmark, with {', '.join(parts)}",
            found="none of that name and shape",
            where=str(where / learner.WEIGHTS),
            way_out=_way_out(respondent.heads),
        )
    respondent.load_state_dict({name: weights[name] for name in own})


def _way_out(form: Form) -> str:
    learnt = " and ".join(objective.name for objective in form.objectives)
    zero_shot = f", or end the curriculum with a stage that learns {learnt}" if learnt else ""
    return f"fine-tune on these very rows{zero_shot}"
