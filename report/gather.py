"""From the folders that a run left to the contents of its report. What is not there is named, never invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from data.schema import SPLITS
from report import artifacts
from report.contents import Benchmark, Contents, Corpus, Curve, HeldOut, ReportInputs, Stage
from report.curves import summarise

LOWER_IS_BETTER = frozenset({"loss"})
TRIAL_PROFILE = "miniature"
Value = TypeVar("Value")


def gather(inputs: ReportInputs) -> Contents:
    """Read every artifact; a malformed one raises ContractError, an absent one becomes a line of `missing`."""
    missing = list(_announced_but_absent(inputs))
    return Contents(
        title=inputs.title,
        is_world=inputs.is_world,
        profile=inputs.profile,
        is_trial_run=not inputs.is_world and inputs.profile == TRIAL_PROFILE,
        curriculum=dict(inputs.curriculum),
        corpora={
            name: _corpus(folder / "counts.json")
            for name, folder in inputs.corpora.items()
            if _is_there(folder / "counts.json", f"corpus {name}: its counts", missing)
        },
        stages={
            name: _stage(name, folder, _objectives(inputs.curriculum, name), missing)
            for name, folder in inputs.stages.items()
        },
        benchmarks={
            name: _benchmark(folder / "scores.json", is_comparable=inputs.is_comparable)
            for name, folder in inputs.benchmarks.items()
            if _is_there(folder / "scores.json", f"benchmark {name}: its scores", missing)
        },
        left_out=list(inputs.left_out),
        missing=missing,
    )


def _announced_but_absent(inputs: ReportInputs) -> Iterator[str]:
    for stage in inputs.curriculum.get("stages", []):
        if stage["name"] not in inputs.stages:
            yield f"stage {stage['name']}: not trained"
    for benchmark in inputs.curriculum.get("benchmarks", []):
        if benchmark["name"] not in inputs.benchmarks:
            yield f"benchmark {benchmark['name']}: not run"


def _objectives(curriculum: Mapping[str, Any], stage_name: str) -> list[str]:
    """A stage's objectives in the order of its spec, as `total` and these are shown."""
    streams = [stream for stage in curriculum["stages"] if stage["name"] == stage_name for stream in stage["streams"]]
    return ["total", *(objective["name"] for stream in streams for objective in stream["objectives"])]


def _in_order(values: dict[str, Value], names: Iterable[str]) -> dict[str, Value]:
    """The values named first, then the others as they come."""
    return {name: values[name] for name in [*filter(values.__contains__, names), *values]}


def _is_there(path: Path, what: str, missing: list[str]) -> bool:
    if not path.is_file():
        missing.append(f"{what} ({path.name}) are not there")
    return path.is_file()


def _corpus(path: Path) -> Corpus:
    counts, where = artifacts.json_object(path), str(path)
    dropped = {**artifacts.numbers(counts, "rejected", where), **artifacts.numbers(counts, "filtered", where)}
    return Corpus(
        rows=_in_order(artifacts.numbers(counts, "rows", where), SPLITS),
        images=_in_order(artifacts.numbers(counts, "images", where), SPLITS),
        num_read=int(artifacts.number(counts, "read", where)),
        num_dropped=int(sum(dropped.values())),
        dropped=dict(sorted(dropped.items(), key=lambda item: (-item[1], item[0]))),
        notes=artifacts.known_numbers(counts, "notes", where),
    )


def _stage(name: str, folder: Path, objectives: list[str], missing: list[str]) -> Stage:
    metrics, held_out = folder / "metrics.parquet", folder / "held_out.json"
    curves = _curves(metrics) if _is_there(metrics, f"stage {name}: its losses", missing) else {}
    numbers = _held_out(held_out) if _is_there(held_out, f"stage {name}: its held-out numbers", missing) else {}
    return Stage(curves=_in_order(curves, objectives), held_out=_in_order(numbers, objectives))


def _curves(path: Path) -> dict[str, Curve]:
    table = artifacts.table(path)
    if "step" not in table.column_names or "loss" not in table.column_names:
        artifacts.refuse("the columns step and loss", table.column_names, str(path))
    steps = table["step"].to_numpy()
    names = {column: column.removeprefix("loss_") for column in table.column_names if column.startswith("loss_")}
    curves = {
        name: summarise(steps, table[column].to_numpy().astype(np.float64))
        for column, name in {"loss": "total", **names}.items()
    }
    return {name: curve for name, curve in curves.items() if curve is not None}


def _held_out(path: Path) -> dict[str, HeldOut]:
    record = artifacts.json_object(path)
    return {
        objective: _objective(numbers, f"{path}, {objective}")
        for objective, numbers in artifacts.objects({"all": record}, "all", str(path)).items()
    }


def _objective(record: dict[str, Any], where: str) -> HeldOut:
    metric = artifacts.text(record, "metric", where)
    model = artifacts.number(record, "model", where)
    blind = artifacts.numbers(record, "blind", where)
    lower_is_better = metric in LOWER_IS_BETTER
    choose = min if lower_is_better else max
    best_blind = choose(blind, key=lambda name: blind[name]) if blind else None
    return HeldOut(
        metric=metric,
        lower_is_better=lower_is_better,
        model=model,
        blind=blind,
        best_blind=best_blind,
        margin=None if best_blind is None else _margin(model, blind[best_blind], lower_is_better=lower_is_better),
        num_rows=int(artifacts.number(record, "num_rows", where)),
    )


def _margin(model: float, blind: float, *, lower_is_better: bool) -> float | None:
    if not lower_is_better:
        return model - blind
    return 1 - model / blind if blind > 0 else None


def _benchmark(path: Path, *, is_comparable: bool) -> Benchmark:
    record, where = artifacts.json_object(path), str(path)
    return Benchmark(
        benchmark=artifacts.text(record, "benchmark", where),
        protocol=artifacts.text(record, "protocol", where),
        split=artifacts.text(record, "split", where),
        is_comparable=is_comparable and record.get("comparable") is True,
        sizes={
            field.removeprefix("num_"): artifacts.number(record, field, where)
            for field in sorted(record)
            if field.startswith("num_")
        },
        scores=_scores(record, "scores", where),
        chance=_scores(record, "chance", where),
        published={
            row: _scores({row: scores}, row, f"{where}, published")
            for row, scores in artifacts.objects(record, "published", where).items()
        },
    )


def _scores(record: dict[str, Any], field: str, where: str) -> dict[str, dict[str, float]]:
    groups = artifacts.objects(record, field, where)
    return {group: artifacts.numbers(groups, group, f"{where}, {field}") for group in groups}
