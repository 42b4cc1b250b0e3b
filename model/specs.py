"""What a curriculum is made of, as frozen data without torch: the words of docs/design.md, one class each.

A `name` is always the name of a file: Network(name="lxmert_s") is model/networks/lxmert_s.py, and so on for objectives,
corruptions, orders, forms and benchmarks. The folder is the list; there is no registry.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from data.errors import UserError

MIN_LENGTH = 3
Device = Literal["cpu", "cuda"]
Sees = Literal["pair", "text"]
Options = dict[str, Any]  # the keyword arguments of the named plug-in; plain JSON values


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network's shape. Widths in units, lengths in word pieces, rates in [0, 1]."""

    name: str
    hidden_size: int
    num_layers: int
    num_heads: int
    intermediate_size: int
    max_positions: int
    dropout_rate: float
    num_regions: int = 36
    region_feature_size: int = 2048
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is learnt: a file of model/objectives, its weight in the sum of losses, and its options."""

    name: str
    weight: float = 1.0
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """What is done to the input so that there is something to learn: a file of model/corruptions."""

    name: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Order:
    """How rows become mini-batches: a file of model/orders."""

    name: str = "shuffle"
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A corpus and how its rows become inputs. Corruptions apply in the order given."""

    corpus: str
    max_length: int
    batch_size: int
    corruptions: tuple[Corruption, ...]
    objectives: tuple[Objective, ...]
    order: Order = Order()

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.max_length < MIN_LENGTH:
            raise UserError(
                expected=f"at least 1 row an update and {MIN_LENGTH} word pieces a row ([CLS], one piece, [SEP])",
                found=f"batch_size {self.batch_size}, max_length {self.max_length}",
                where=f"the stream of the {self.corpus} corpus",
                way_out="raise them",
            )


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """How several streams share one update. `single` is the one stream of an ordinary stage."""

    name: Literal["single"] = "single"


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """The optimiser and its schedule: linear warm-up over `warmup_rate` of all steps, then `schedule`."""

    name: Literal["adam", "adamw"]
    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    warmup_rate: float = 0.0
    schedule: Literal["constant", "linear"] = "linear"
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < math.inf:
            raise UserError(
                expected="a learning rate above 0, and finite",
                found=str(self.learning_rate),
                where="learning_rate of a stage or a fine-tuning",
                way_out="the paper uses 1e-5 for stages and 5e-5 for fine-tuning, the miniature 2.5e-3 and 1e-3",
            )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long and how exactly: either epochs or steps; the seed; and what the arithmetic depends on."""

    optimizer: Optimizer
    seed: int
    num_epochs: int | None = None
    num_steps: int | None = None
    precision: Literal["float32"] = "float32"
    device: Device = "cpu"
    num_threads: int = 2

    def __post_init__(self) -> None:
        found = f"num_epochs {self.num_epochs}, num_steps {self.num_steps}, num_threads {self.num_threads}"
        lengths = [length for length in (self.num_epochs, self.num_steps) if length is not None]
        if len(lengths) != 1 or min(*lengths, self.num_threads) < 1:
            raise UserError(
                expected="a budget of either epochs or steps, at least one, on at least one thread",
                found=found,
                where="num_epochs, num_steps and num_threads of a stage or a fine-tuning",
                way_out="give one of the first two, and only numbers above 0",
            )


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Streams, how they mix, for how long, and which stage's weights they start from (None: from scratch)."""

    name: str
    streams: tuple[Stream, ...]
    budget: Budget
    mixing: Mixing = Mixing()
    starts_from: str | None = None


def check_lengths(stage: Stage, network: Network) -> None:
    """Raise UserError if a stream's texts may be longer than the network has positions."""
    for stream in stage.streams:
        check_length(stream.max_length, network, where=f"max_length of the {stream.corpus} corpus")


def check_length(max_length: int, network: Network, *, where: str) -> None:
    """Raise UserError if texts of that length have no place in the network."""
    if max_length > network.max_positions:
        raise UserError(
            expected=f"texts of at most {network.max_positions} word pieces, the network's max_positions",
            found=str(max_length),
            where=where,
            way_out="shorten it, or train a network with more positions",
        )


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a benchmark asks and what is answered: a file of model/forms, its options, and whether it draws negatives."""

    name: str
    options: Options = field(default_factory=dict)
    has_negatives: bool = False


@dataclass(frozen=True, kw_only=True)
class FineTuning:
    """A network fine-tuned on the training rows of a benchmark, a file of model/benchmarks.

    `sees`: `pair` is what the benchmark shows; `text` has zeros for regions and boxes, in training and when judged:
    what the text alone gives away. `max_length` in word pieces, `batch_size` in rows.
    """

    benchmark: str
    form: Form
    max_length: int
    batch_size: int
    budget: Budget
    sees: Sees = "pair"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A network judged on the test rows of a benchmark; `is_zero_shot`: with the heads that pre-training left.

    `sources` are the names of those that the rows were read from: whose numbers these are.
    """

    benchmark: str
    sources: tuple[str, ...]
    form: Form
    max_length: int
    device: Device = "cpu"
    num_threads: int = 2
    sees: Sees = "pair"
    is_zero_shot: bool = False


@dataclass(frozen=True, kw_only=True)
class Curriculum:
    """Stages in order, on one network. The benchmarks after them are the files of model/benchmarks."""

    name: str
    network: Network
    stages: tuple[Stage, ...]


_CLASSES = {
    c.__name__: c
    for c in (
        *(Network, Objective, Corruption, Order, Stream, Mixing, Optimizer, Budget, Stage, Curriculum),
        *(Form, FineTuning, Evaluation),
    )
}
Spec = TypeVar("Spec")


def to_plain(spec: Any) -> Any:
    """A spec as JSON values, class names included: two classes with equal fields must not look alike."""
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        fields = {f.name: to_plain(getattr(spec, f.name)) for f in dataclasses.fields(spec)}
        return {"class": type(spec).__name__, **fields}
    if isinstance(spec, (tuple, list)):
        return [to_plain(item) for item in spec]
    if isinstance(spec, dict):
        return {str(key): to_plain(value) for key, value in spec.items()}
    if spec is None or isinstance(spec, (str, int, float, bool)):
        return spec
    raise TypeError(f"a spec holds dataclasses, tuples, dicts and JSON values, not {type(spec).__name__}: {spec!r}")


def from_plain(kind: type[Spec], plain: Any) -> Spec:
    """The spec that `to_plain` wrote; `kind` is the class expected."""
    spec = _revive(plain)
    if not isinstance(spec, kind):
        raise TypeError(f"expected a {kind.__name__}, found {type(spec).__name__}")
    return spec


def _revive(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_revive(item) for item in plain)
    if isinstance(plain, dict) and "class" in plain:
        return _CLASSES[plain["class"]](**{k: _revive(v) for k, v in plain.items() if k != "class"})
    if isinstance(plain, dict):
        return {key: _revive(value) for key, value in plain.items()}
    return plain
