"""The report as two files: `report.json`, all its numbers, and `report.html`, one page that needs nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from data.regions.store import FILE_NAME as REGIONS
from data.regions.store import RegionStore
from data.writers import write_json
from report import overview, wording
from report.charts import epoch_chart, loss_chart
from report.contents import FORMAT, Contents, FineTuned, Prediction, Sample, Stage
from report.costs import Cost, costs
from report.dag import draw
from report.gather import gather
from report.inputs import DagNode, ReportInputs
from report.pictures import Picture, pictures

TEMPLATES = Path(__file__).parent / "templates"
"""All files that decide how the page looks."""

Charts = dict[str, Markup]
_FILTERS = ("shown", "per_cent", "millions", "share", "duration", "num_bytes", "words", "remove")


def write(inputs: ReportInputs, *, into: Path, record: Path) -> None:
    """Write `report.json` into one folder and `report.html` into another; both exist.

    Equal artifacts give equal bytes of report.json. The page also says what they cost, and shows pictures.
    """
    store = _regions(inputs)
    contents = gather(inputs, store)
    write_json(into / "report.json", {"format": FORMAT, **dataclasses.asdict(contents)})
    shown_pictures = pictures(shown_images(contents), inputs, store)
    page = render(contents, inputs.dag, shown_pictures, costs(inputs.records, contents.curriculum))
    (record / "report.html").write_text(page, "utf-8")


def render(
    contents: Contents, dag: Sequence[DagNode], shown_pictures: Mapping[str, Picture], stage_costs: Mapping[str, Cost]
) -> str:
    """The page; every text is escaped by the template's environment, only our own charts go in as they are."""
    template = environment(is_html=True).get_template("page.html")
    return template.render(
        report=dataclasses.asdict(contents),
        dag=draw(dag) if dag else None,
        charts={name: charts_of(name, stage) for name, stage in contents.stages.items()},
        tuning_charts={name: tuning_charts_of(name, tuned) for name, tuned in contents.fine_tunings.items()},
        splits=list(dict.fromkeys(split for c in contents.corpora.values() for split in c.rows | c.images)),
        pictures=shown_pictures,
        costs=stage_costs,
        has_pictures=any(picture.address for picture in shown_pictures.values()),
        overview=overview,
        style=Markup((TEMPLATES / "style.css").read_text("utf-8")),  # our own file, not data
    )


def environment(*, is_html: bool) -> jinja2.Environment:
    """What templates are rendered in: nothing undefined, and texts escaped where they go into HTML."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=is_html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update({name: getattr(wording, name) for name in _FILTERS})
    return made


def shown_images(contents: Contents) -> set[str]:
    """The images of every row that the page shows."""
    shown: list[Sample | Prediction] = [s for corpus in contents.corpora.values() for s in corpus.samples]
    for benchmark in contents.benchmarks.values():
        if benchmark.predictions is not None:
            shown += benchmark.predictions.right + benchmark.predictions.wrong
        if benchmark.changes is not None:
            shown += [prediction for row in benchmark.changes.rows for prediction in row.values()]
    return {image_id for row in shown for image_id in row.image_ids}


def charts_of(stage_name: str, stage: Stage) -> Charts:
    """A chart for each loss of a stage, by the objective's name."""
    return {
        objective: Markup(  # drawn here; the XML writer escapes the names in it
            loss_chart(
                curve,
                held_out=stage.held_out.get(objective),
                name=f"{stage_name} {objective}",
                description=wording.describe_loss(objective, curve, stage),
            )
        )
        for objective, curve in stage.curves.items()
    }


def tuning_charts_of(name: str, tuned: FineTuned) -> Charts:
    """The charts of a fine-tuning: its loss over the steps, and the score on validation rows after each epoch."""
    charts = {}
    if "total" in tuned.curves:
        curve = tuned.curves["total"]
        description = wording.describe_loss(wording.words(name), curve)
        charts["loss"] = Markup(  # drawn here, as above
            loss_chart(curve, held_out=None, name=f"tuning {name} loss", description=description)
        )
    if tuned.epochs:
        description = wording.describe_epochs(tuned)
        charts[" ".join(tuned.metric)] = Markup(  # drawn here, as above
            epoch_chart(tuned.epochs, best=tuned.best, name=f"tuning {name} epochs", description=description)
        )
    return charts


def _regions(inputs: ReportInputs) -> RegionStore | None:
    """The region store, where the run left one."""
    path = inputs.regions / REGIONS if inputs.regions else None
    return RegionStore.open(path) if path is not None and path.is_file() else None
