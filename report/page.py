"""The report as two files: `report.html`, one page that needs nothing else, and `report.json`, the same numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from data.writers import write_json
from report.charts import loss_chart
from report.contents import FORMAT, Contents, Curve, ReportInputs, Stage
from report.gather import gather

_FOLDER = Path(__file__).parent


def write(inputs: ReportInputs, *, into: Path) -> None:
    """Write `report.html` and `report.json` into a folder that exists; equal inputs give equal bytes."""
    contents = gather(inputs)
    report = {"format": FORMAT, **dataclasses.asdict(contents)}
    write_json(into / "report.json", report)
    (into / "report.html").write_text(render(contents, report), "utf-8")


def render(contents: Contents, report: dict[str, Any]) -> str:
    """The page; every text is escaped by the template's environment, only our own charts go in as they are."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(shown=shown, per_cent=per_cent, words=words, remove=remove)
    charts = {name: charts_of(name, stage) for name, stage in contents.stages.items()}
    style = Markup((_FOLDER / "style.css").read_text("utf-8"))  # our own file, not data
    splits = list(dict.fromkeys(split for corpus in contents.corpora.values() for split in corpus.rows | corpus.images))
    return environment.get_template("page.html").render(report=report, charts=charts, splits=splits, style=style)


def charts_of(stage_name: str, stage: Stage) -> dict[str, Markup]:
    """A chart for each loss of a stage, by the objective's name."""
    return {
        objective: Markup(  # drawn here; the XML writer escapes the names in it
            loss_chart(
                curve,
                held_out=stage.held_out.get(objective),
                name=f"{stage_name} {objective}",
                description=describe(objective, curve, stage),
            )
        )
        for objective, curve in stage.curves.items()
    }


def describe(objective: str, curve: Curve, stage: Stage) -> str:
    """The alternative text of a chart: what a reader would take from it."""
    text = f"{objective} loss over {curve.num_steps} steps, from {shown(curve.mean[0])} to {shown(curve.mean[-1])}"
    held_out = stage.held_out.get(objective)
    if held_out is None or held_out.metric != "loss" or held_out.best_blind is None:
        return text + "."
    blind = shown(held_out.blind[held_out.best_blind])
    return f"{text}; held out {shown(held_out.model)}, best blind predictor ({words(held_out.best_blind)}) {blind}."


def shown(value: float) -> str:
    """A number as it is read: three significant digits below 1,000, else whole with its thousands apart."""
    if value == round(value) or abs(value) >= 1000:
        text = f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    else:
        text = f"{value:#.3g}".rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def per_cent(value: float) -> str:
    """A score that is per cent already, to the two decimals that papers print."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def words(name: str) -> str:
    """A name of the code as words: `image_retrieval` is image retrieval."""
    return name.replace("_", " ")


def remove(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """The record without these fields."""
    return {name: value for name, value in record.items() if name not in names}
