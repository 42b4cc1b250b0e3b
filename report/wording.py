"""Numbers and names as the page says them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from report.contents import Curve, FineTuned, Stage

_SPACE = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def shown(value: float) -> str:
    """A number as it is read: three significant digits below 1,000, else whole with its thousands apart."""
    if value == round(value) or abs(value) >= 1000:
        text = f"{value:,.0f}".replace(",", _SPACE)
    else:
        text = f"{value:#.3g}".rstrip(".")
    return text.replace("-", MINUS)


def per_cent(value: float) -> str:
    """A score that is per cent already, to the two decimals that papers print."""
    return f"{value:.2f}".replace("-", MINUS)


def millions(value: float) -> str:
    """Millions with the digits that a paper prints."""
    return f"{value:g}{_SPACE}M"


def share(value: float) -> str:
    """A share in [0, 1] as whole per cent."""
    return f"{100 * value:.0f}{_SPACE}%"


def duration(seconds: float | None) -> str:
    """How long something took, in its two largest units."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 10:
        return f"{seconds:.1f}{_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}{_SPACE}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{_SPACE}h {minutes}{_SPACE}min" if hours else f"{minutes}{_SPACE}min {rest}{_SPACE}s"


def num_bytes(count: float) -> str:
    """A size in bytes, in the unit that gives it at most three digits before the point."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f}{_SPACE}{unit}" if unit == "B" or count >= 9.95 else f"{count:.1f}{_SPACE}{unit}"
        count /= 1000
    return f"{count:,.1f}{_SPACE}TB"


def words(name: str) -> str:
    """A name of the code as words: `image_retrieval` is image retrieval, `vqa.after.token` is vqa after token."""
    return re.sub(r"[_.]+", " ", name)


def remove(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The record without these fields."""
    return {name: value for name, value in record.items() if name not in names}


def describe_loss(objective: str, curve: Curve, stage: Stage | None = None) -> str:
    """The alternative text of a loss chart: what a reader would take from it."""
    text = f"{objective} loss over {curve.num_steps} steps, from {shown(curve.mean[0])} to {shown(curve.mean[-1])}"
    held_out = stage.held_out.get(objective) if stage else None
    if held_out is None or held_out.metric != "loss" or held_out.best_blind is None:
        return text + "."
    blind = shown(held_out.blind[held_out.best_blind])
    return f"{text}; held out {shown(held_out.model)}, best blind predictor ({words(held_out.best_blind)}) {blind}."


def describe_epochs(tuned: FineTuned) -> str:
    """The alternative text of a chart of epochs."""
    scores = ", ".join(f"{epoch.epoch}: {shown(epoch.validation)}" for epoch in tuned.epochs)
    return f"{words(' '.join(tuned.metric))} on validation rows by epoch ({scores}); kept: epoch {tuned.best}."
