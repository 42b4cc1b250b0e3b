"""What the report says of training: a stage's losses and held-out numbers, a fine-tuning's loss and its epochs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from report import artifacts
from report.contents import Curve, Epoch, FineTuned, HeldOut, Stage, TuningSettings
from report.corpora import in_order
from report.curves import summarise

LOWER_IS_BETTER = frozenset({"loss"})


def stage(folder: Path, objectives: Iterable[str]) -> Stage:
    """The stage in a folder, its losses and numbers in the order of `objectives`; what is not there is empty."""
    names = ["total", *objectives]
    return Stage(
        curves=in_order(_curves(folder / "metrics.parquet"), names),
        held_out=in_order(_held_out(folder / "held_out.json"), names),
    )


def fine_tuned(folder: Path) -> FineTuned:
    """The fine-tuning in a folder; what is not there is empty."""
    epochs, network = folder / "epochs.json", folder / "network.json"
    record = artifacts.json_object(epochs) if epochs.is_file() else {"epochs": []}
    return FineTuned(
        settings=_settings(artifacts.json_object(network), str(network)) if network.is_file() else None,
        curves=_curves(folder / "metrics.parquet"),
        metric=artifacts.texts(record, "metric", str(epochs)),
        epochs=_epochs(record, str(epochs)),
        best=int(artifacts.number(record, "best", str(epochs))) if record["epochs"] else None,
    )


def _settings(record: dict[str, Any], where: str) -> TuningSettings:
    spec = artifacts.child(record, "fine_tuning", where)
    form, budget = artifacts.child(spec, "form", where), artifacts.child(spec, "budget", where)
    optimizer = artifacts.child(budget, "optimizer", where)
    return TuningSettings(
        form=artifacts.text(form, "name", where),
        options=artifacts.child(form, "options", where),
        batch_size=int(artifacts.number(spec, "batch_size", where)),
        optimizer=artifacts.text(optimizer, "name", where),
        learning_rate=artifacts.number(optimizer, "learning_rate", where),
    )


def _epochs(record: dict[str, Any], where: str) -> list[Epoch]:
    found = record.get("epochs")
    if not isinstance(found, list) or not all(isinstance(epoch, dict) for epoch in found):
        artifacts.refuse("a list of epochs", found, where)
    return [
        Epoch(
            epoch=int(artifacts.number(epoch, "epoch", where)),
            step=int(artifacts.number(epoch, "step", where)),
            validation=artifacts.number(epoch, "validation", where),
        )
        for epoch in found
    ]


def _curves(path: Path) -> dict[str, Curve]:
    if not path.is_file():
        return {}
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
    if not path.is_file():
        return {}
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
