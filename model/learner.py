"""A network with the heads of its objectives: what a stage trains, and what is written and read as one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from data.errors import SourceError, UserError
from data.writers import write_json, write_tensors
from model import plugins
from model.batch import Batch, Output, Taught
from model.exercise import Asked, Asks, Exercise, Shown
from model.facts import Facts
from model.initialise import initialise
from model.networks import Encoder
from model.objectives import Objective
from model.spec_json import to_plain
from model.specs import Network
from model.specs import Objective as ObjectiveSpec
from model.teacher import Teacher

WEIGHTS = "weights.safetensors"
NETWORK = "network.json"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a pass: N losses, and the features of its images and texts where they are asked for.

    `taught`: the numbers of the images of the rows that a teacher looked at, and its features of images and texts.
    """

    losses_N: Tensor
    image_BE: Tensor | None = None
    text_BE: Tensor | None = None
    taught: tuple[Tensor, Tensor, Tensor] | None = None


class Learner(nn.Module):
    """`encoder` and one head for each objective, by name; in training a `teacher` too, if one of them needs it."""

    def __init__(self, network: Network, objectives: Sequence[ObjectiveSpec], facts: Facts, *, seed: int) -> None:
        super().__init__()
        self.encoder: Encoder = plugins.load("networks", network.name).build(network, tokens=facts.tokens)
        self.heads = nn.ModuleDict(
            {
                objective.name: plugins.load("objectives", objective.name).build(
                    objective.options, network=network, facts=facts
                )
                for objective in objectives
            }
        )
        self.teacher: Teacher | None = None
        initialise(self, seed=seed, scheme=network.options.get("init", "bert"))

    def head(self, name: str) -> Objective:
        """The head of one objective."""
        head = self.heads[name]
        assert isinstance(head, Objective)
        return head

    def ask(self, batch: Batch, names: Sequence[str] | None = None) -> Asks:
        """What each objective, or each of those named, asks of a batch. Runs on the host, beside the step."""
        wanted = names or tuple(self.heads)
        return {
            name: self._ask(self.head(name), showing)
            for showing in (batch, *batch.more)
            for name in showing.objectives or wanted
            if name in wanted
        }

    def losses(self, exercise: Exercise, names: Sequence[str] | None = None) -> Tensor:
        """The loss of each objective, or of each of those named, in their order: what a part of a batch adds to it."""
        return self.outcome(exercise, names).losses_N

    def outcome(self, exercise: Exercise, names: Sequence[str] | None = None, *, has_features: bool = False) -> Outcome:
        """As `losses`; `has_features`: with those of the first showing, of which no gradient comes."""
        losses: dict[str, Tensor] = {}
        outputs: list[Output] = []
        taught: Taught | None = None
        for (shown, plain), askers in zip(self.outputs(exercise), exercise.asks_of, strict=True):
            output = dataclasses.replace(plain, taught=self._taught(exercise, shown, askers))
            taught = output.taught or taught
            losses |= {name: self.head(name).loss(exercise.asks[name], shown, output) for name in askers}
            outputs.append(output)
        in_order_N = torch.stack([losses[name] for name in names or exercise.asks])
        return Outcome(
            losses_N=in_order_N,
            image_BE=outputs[0].image_BE.detach() if has_features else None,
            text_BE=outputs[0].text_BE.detach() if has_features else None,
            taught=None if taught is None else (taught.images_N, taught.image_NE, taught.text_NE),
        )

    def _taught(self, exercise: Exercise, shown: Shown, askers: Sequence[str]) -> Taught | None:
        """The teacher's word on a showing, where one who asks of it rests on that."""
        for name in askers:
            if self.teacher is not None and self.head(name).momentum is not None:
                return self.teacher.look(shown, exercise.asks[name][0])
        return None

    def outputs(self, exercise: Exercise) -> Iterator[tuple[Shown, Output]]:
        """What the network makes of each showing. Images that are shown again are not embedded again."""
        regions_BRD: Tensor | None = None
        for shown in (exercise.shown, *exercise.more):
            output: Output = self.encoder(shown, regions_BRD if shown.has_same_image else None)
            regions_BRD = output.embedded_BRD
            yield shown, output

    @staticmethod
    def _ask(head: Objective, batch: Batch) -> tuple[Asked, ...]:
        parts = head.ask(batch) if head.is_matching else tuple(asked.of(batch.asked_B) for asked in head.ask(batch))
        return tuple(dataclasses.replace(asked, needs_whole_batch=head.needs_whole_batch) for asked in parts)


def write(learner: nn.Module, folder: Path, *, description: dict[str, Any]) -> None:
    """Write the weights, and `description` as network.json."""
    write_tensors(folder / WEIGHTS, {name: tensor.cpu().numpy() for name, tensor in learner.state_dict().items()})
    write_json(folder / NETWORK, description)


def describe(network: Network, objectives: Sequence[ObjectiveSpec], facts: Facts) -> dict[str, Any]:
    """What must be known to build the learner again, and digests of the words that its rows and outputs stand for."""
    return {
        "network": to_plain(network),
        "heads": to_plain(tuple(objectives)),
        "vocabulary_size": facts.vocabulary_size,
        "num_objects": facts.num_objects,
        "num_attributes": facts.num_attributes,
        "digests": digests(facts),
    }


def digests(facts: Facts) -> dict[str, str]:
    """What the numbers of word pieces and labels stand for, as digests of the lists they number."""
    return {
        "vocabulary": _digest(facts.tokens),
        "object vocabulary": _digest(facts.store.object_names),
        "attribute vocabulary": _digest(facts.store.attribute_names),
    }


def read(folder: Path, *, same_words: Mapping[str, str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights and description that `write` wrote. Raises UserError where they were trained on other words.

    `same_words` are the digests that must agree, some or all of those of `digests`.
    """
    try:
        weights = load_file(folder / WEIGHTS)
        description: dict[str, Any] = json.loads((folder / NETWORK).read_text("utf-8"))
        trained_with: dict[str, str] = description["digests"]
    except Exception as error:  # safetensors raises classes of its own
        raise SourceError(
            expected="a trained network (docs/formats.md)",
            found=f"{type(error).__name__}: {error}"[:300],
            where=str(folder),
            way_out="delete that artifact's folder (the one with manifest.json) and give the same command again",
        ) from error
    for kind, digest in same_words.items():
        if trained_with[kind] != digest:
            raise UserError(
                expected=f"weights trained with this {kind}",
                found=f"one with digest {trained_with[kind][:12]} instead of {digest[:12]}",
                where=str(folder / NETWORK),
                way_out="train it again with what is used now",
            )
    return weights, description


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
