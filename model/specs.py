"""What a curriculum is made of, as frozen data without torch: the words of docs/design.md, one class each.

A `name` is always the name of a file: Network(name="lxmert_s") is model/networks/lxmert_s.py, and so on for objectives,
corruptions, orders, mixings, forms and benchmarks. The folder is the list; there is no registry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from data.errors import UserError

MIN_LENGTH = 3
Device = Literal["cpu", "cuda"]
Precision = Literal["float32", "bfloat16"]
Mode = Literal["exact", "fast"]
OptimizerName = Literal["adam", "adamw", "bertadam"]
Schedule = Literal["constant", "linear"]
Sees = Literal["pair", "text"]
Modality = Literal["text", "images"]
ImagesSeen = Literal["regions", "patches"]
Options = dict[str, Any]  # the keyword arguments of the named plug-in; plain JSON values


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network's shape. Widths in units, lengths in word pieces, rates in [0, 1].

    `images` says what it sees of one: `num_regions` regions of a detector, or patches of a picture whose `colours` are
    normalised (a name of `data.pictures.views`), with `region_feature_size` numbers each.
    """

    name: str
    hidden_size: int
    num_layers: int
    num_heads: int
    intermediate_size: int
    max_positions: int
    dropout_rate: float
    num_regions: int = 36
    region_feature_size: int = 2048
    images: ImagesSeen = "regions"
    colours: str = "clip"
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is learnt: a file of model/objectives, its weight in the sum of losses, and its options."""

    name: str
    weight: float = 1.0
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """What is done to the input so that there is something to learn: a file of model/corruptions.

    `has_negatives`: it draws from the hard negatives.
    """

    name: str
    options: Options = field(default_factory=dict)
    has_negatives: bool = False


@dataclass(frozen=True, kw_only=True)
class Showing:
    """The rows of a batch shown once: what is done to them, and what is learnt from that."""

    corruptions: tuple[Corruption, ...]
    objectives: tuple[Objective, ...]


@dataclass(frozen=True, kw_only=True)
class Order:
    """How rows become mini-batches: a file of model/orders."""

    name: str = "shuffle"
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A corpus and how its rows become inputs. Corruptions apply in the order given.

    An update takes `batches_per_update` mini-batches of `batch_size` rows, and the mean of their gradients.
    `micro_batch_size` bounds how many rows are on the device at once; it changes the gradients by rounding alone.
    `view` are the options of how pictures are cropped and altered (`data.pictures.views.Training`), where those are
    seen. `name` tells two streams of one corpus apart; where empty it is the corpus's. `more` shows the same rows again
    in the same update, each time after other corruptions (GRIT-VLP: pairs as they are, then with words masked).
    """

    corpus: str
    max_length: int
    batch_size: int
    corruptions: tuple[Corruption, ...]
    objectives: tuple[Objective, ...]
    order: Order = Order()
    batches_per_update: int = 1
    micro_batch_size: int | None = None
    name: str = ""
    view: Options = field(default_factory=dict)
    more: tuple[Showing, ...] = ()

    def __post_init__(self) -> None:
        names = [objective.name for objective in self.all_objectives()]
        if len(set(names)) < len(names):
            raise UserError(
                expected="each objective once, in whichever showing of the rows",
                found=", ".join(names),
                where=f"the stream of the {self.corpus} corpus",
                way_out="leave it out of all showings but one",
            )
        counts = (self.batch_size, self.batches_per_update, self.micro_batch_size or 1)
        if min(counts) < 1 or self.max_length < MIN_LENGTH:
            raise UserError(
                expected=f"at least 1 row an update and {MIN_LENGTH} word pieces a row ([CLS], one piece, [SEP])",
                found=f"batch_size {self.batch_size}, batches_per_update {self.batches_per_update}, "
                f"micro_batch_size {self.micro_batch_size}, max_length {self.max_length}",
                where=f"the stream of the {self.corpus} corpus",
                way_out="raise them",
            )

    def showings(self) -> tuple[Showing, ...]:
        """All times that its rows are shown."""
        return (Showing(corruptions=self.corruptions, objectives=self.objectives), *self.more)

    def all_objectives(self) -> tuple[Objective, ...]:
        """What is learnt from all of them."""
        return tuple(objective for showing in self.showings() for objective in showing.objectives)

    def all_corruptions(self) -> tuple[Corruption, ...]:
        """What is done to its rows, in all of them."""
        return tuple(corruption for showing in self.showings() for corruption in showing.corruptions)

    @property
    def label(self) -> str:
        """What the stream is called."""
        return self.name or self.corpus


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """How several streams share updates: a file of model/mixings and its options.

    The stream `clock` defines the epoch; empty: the first one. `exhausted` says what happens when another stream has
    given all its rows before the clock has: it begins anew in another order (`cycle`), or the stage ends (`stop`).
    """

    name: str = "single"
    options: Options = field(default_factory=dict)
    clock: str = ""
    exhausted: Literal["cycle", "stop"] = "cycle"


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """The optimiser and its schedule: linear warm-up over `warmup_rate` of all steps, then `schedule`.

    `bertadam` is LXMERT's: no bias correction, epsilon 1e-6, and a warm-up that begins with a rate of 0.
    """

    name: OptimizerName
    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    warmup_rate: float = 0.0
    schedule: Schedule = "linear"
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < math.inf:
            raise UserError(
                expected="a learning rate above 0, and finite",
                found=str(self.learning_rate),
                where="learning_rate of a stage or a fine-tuning",
                way_out="the paper uses 1e-5 for stages and 5e-5 for fine-tuning, the miniature 2.5e-3 and 1e-3",
            )
        if not (0 <= self.weight_decay < math.inf and (self.clip_norm is None or 0 < self.clip_norm < math.inf)):
            raise UserError(
                expected="a weight decay of 0 or more, and a norm above 0 to clip gradients at",
                found=f"weight_decay {self.weight_decay}, clip_norm {self.clip_norm}",
                where="a stage or a fine-tuning",
                way_out="LXMERT decays by 0.01, and clips at 1 in pre-training and at 5 in fine-tuning",
            )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long and how exactly: either epochs or steps; the seed; and what the arithmetic depends on.

    `precision` is that of matrix products: weights, sums and losses are float32 in both. `exact`: deterministic
    kernels, the same bits after any interruption. `fast`: whatever kernels are fastest, the same statistics.
    """

    optimizer: Optimizer
    seed: int
    num_epochs: int | None = None
    num_steps: int | None = None
    precision: Precision = "float32"
    mode: Mode = "exact"
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

    def __post_init__(self) -> None:
        labels = [stream.label for stream in self.streams]
        if not labels or len(set(labels)) < len(labels):
            raise UserError(
                expected="at least one stream, each of a name of its own",
                found=", ".join(labels) or "none",
                where=f"stage {self.name}",
                way_out="give streams of one corpus a name each",
            )

    def objectives(self) -> tuple[Objective, ...]:
        """The objectives of all streams; those of one name share a head. Raises UserError where options differ."""
        found: dict[str, Objective] = {}
        for objective in (objective for stream in self.streams for objective in stream.all_objectives()):
            first = found.setdefault(objective.name, objective)
            if first.options != objective.options:
                raise UserError(
                    expected=f"the same options of {objective.name} in all streams, which share its head",
                    found=f"{first.options} and {objective.options}",
                    where=f"stage {self.name}",
                    way_out="give it the same options in each",
                )
        return tuple(found.values())


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
    what the text alone gives away. `max_length` in word pieces, `batch_size` in rows, of which at most
    `micro_batch_size` are on the device at once. `view` is as a stream's: how training rows see pictures, where those
    are seen. Whatever is judged sees them whole.
    """

    benchmark: str
    form: Form
    max_length: int
    batch_size: int
    budget: Budget
    sees: Sees = "pair"
    micro_batch_size: int | None = None
    view: Options = field(default_factory=dict)


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
    precision: Precision = "float32"
    mode: Mode = "exact"
    num_threads: int = 2
    sees: Sees = "pair"
    is_zero_shot: bool = False


@dataclass(frozen=True, kw_only=True)
class Curriculum:
    """Stages in order, on one network. The benchmarks after them are the files of model/benchmarks."""

    name: str
    network: Network
    stages: tuple[Stage, ...]
