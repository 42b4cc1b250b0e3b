"""The table of an ablation: `ablation.json` and `ablation.md`, all its numbers, and `ablation.html`, a page."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from data.writers import write_json
from report import artifacts, wording
from report.ablation_inputs import Ablation, AblationInputs, Column, Curve, Question, Row
from report.charts import Interval, Line, interval_chart, line_chart
from report.page import TEMPLATES, environment

FORMAT = 1
# Student's t, 97.5 %, for 1 to 30 degrees of freedom; beyond, the normal distribution is within 4 %.
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_NORMAL = 1.960


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Some numbers by seed: their mean, and half the width of its 95 % interval (Student's t); None of one number."""

    values: Mapping[int, float]

    @property
    def mean(self) -> float:
        """Their mean."""
        return statistics.fmean(self.values.values())

    @property
    def half_width(self) -> float | None:
        """Half the width of the 95 % interval of the mean."""
        num = len(self.values)
        if num < 2:
            return None
        quantile = _STUDENT[num - 2] if num - 2 < len(_STUDENT) else _NORMAL
        return quantile * statistics.stdev(self.values.values()) / math.sqrt(num)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        values = {str(seed): value for seed, value in self.values.items()}
        return {"mean": self.mean, "half_width": self.half_width, "values": values}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the columns say to a question: differences of a row to another by seed, of the same seeds."""

    question: Question
    differences: Mapping[str, Sample]

    def verdict(self, column: str) -> str:
        """`yes` or `no` where the interval leaves out 0, else `open`."""
        sample = self.differences[column]
        if sample.half_width is None or abs(sample.mean) <= sample.half_width:
            return "open"
        return "yes" if sample.mean > 0 else "no"


@dataclass(frozen=True, kw_only=True)
class Table:
    """All cells that were measured, by row and column, and the answers to the questions."""

    inputs: AblationInputs
    columns: tuple[Column, ...]
    cells: Mapping[tuple[str, str], Sample]
    answers: tuple[Answer, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows in their order."""
        return self.inputs.ablation.rows

    @property
    def has_published(self) -> bool:
        """Whether a paper's scores stand beside some row."""
        return any(row.published for row in self.rows)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Those of which two lengths and the target were measured."""
        ablation = self.inputs.ablation
        chains = {row.chain for row in ablation.rows}
        whole = (curve for curve in ablation.curves if len(chains & set(curve.rows)) > 1)
        return tuple(whole) if ablation.target in chains else ()

    def points(self, curve: Curve, column: str) -> list[tuple[float, Sample]]:
        """Share of the longest training, and what it scored."""
        return [(share, self.cells[row, column]) for row, share in curve.rows.items() if (row, column) in self.cells]

    def reached(self, curve: Curve, column: str) -> float | None:
        """The share of the longest training at which the curve of means meets the target's; None: it never does.

        Between two lengths by a straight line; before the shortest nothing is known, so that its length is the least.
        """
        target = self.cells[self.inputs.ablation.target, column].mean
        points = [(share, sample.mean) for share, sample in self.points(curve, column)]
        for (before, lower), (share, mean) in zip([(0.0, -math.inf), *points], points, strict=False):
            if mean >= target:
                return share if math.isinf(lower) else before + (share - before) * (target - lower) / (mean - lower)
        return None


def write(inputs: AblationInputs, *, into: Path, record: Path) -> None:
    """Write JSON and Markdown into one folder and the page into another; both exist. Equal scores give equal bytes."""
    table = gather(inputs)
    write_json(into / "ablation.json", plain(table))
    (into / "ablation.md").write_text(_rendered("ablation.md", table, is_html=False), "utf-8", newline="\n")
    (record / "ablation.html").write_text(_rendered("ablation.html", table, is_html=True), "utf-8")


def gather(inputs: AblationInputs) -> Table:
    """Read all scores. Raises ContractError for a file that does not hold them."""
    cells = {
        (row.chain, column.name): Sample(values={seed: _score(path, column) for seed, path in sorted(by_seed.items())})
        for row in inputs.ablation.rows
        for column in inputs.ablation.columns
        if (by_seed := inputs.scores.get((row.chain, column.benchmark)))
    }
    columns = tuple(c for c in inputs.ablation.columns if any(name == c.name for _, name in cells))
    return Table(inputs=inputs, columns=columns, cells=cells, answers=tuple(_answers(inputs.ablation, columns, cells)))


def _score(path: Path, column: Column) -> float:
    groups = artifacts.scores(artifacts.json_object(path), "scores", str(path))
    found = groups.get(column.group, {})
    if not set(column.metrics) <= set(found):
        artifacts.refuse(f"{column.group}: {', '.join(column.metrics)}", groups, str(path))
    return statistics.fmean(found[metric] for metric in column.metrics)


def _answers(
    ablation: Ablation, columns: Sequence[Column], cells: Mapping[tuple[str, str], Sample]
) -> Iterator[Answer]:
    for question in ablation.questions:
        differences = {
            column.name: difference
            for column in columns
            if (difference := _difference(cells, question, column.name)) is not None
        }
        if differences:
            yield Answer(question=question, differences=differences)


def _difference(cells: Mapping[tuple[str, str], Sample], question: Question, column: str) -> Sample | None:
    """Of the seeds that both rows have; None where one of them has none."""
    row, other = cells.get((question.row, column)), cells.get((question.other, column))
    if row is None or other is None:
        return None
    common = [seed for seed in row.values if seed in other.values]
    return Sample(values={seed: row.values[seed] - other.values[seed] for seed in common}) if common else None


def plain(table: Table) -> dict[str, Any]:
    """Everything, for JSON."""
    inputs = table.inputs
    num_trained, num_apart = inputs.trainings
    return {
        "format": FORMAT,
        "title": inputs.ablation.title,
        "paper": inputs.ablation.paper,
        "profile": inputs.profile,
        "is_world": inputs.is_world,
        "trainings": {"trained": num_trained, "without_sharing": num_apart},
        "columns": [dataclasses.asdict(column) for column in table.columns],
        "rows": [
            {
                "chain": row.chain,
                "group": row.group,
                "about": row.about,
                "stages": list(inputs.stages.get(row.chain, ())),
                "scores": {
                    column.name: table.cells[row.chain, column.name].plain()
                    for column in table.columns
                    if (row.chain, column.name) in table.cells
                },
                "published": dict(row.published),
                "unsure": list(row.unsure),
            }
            for row in table.rows
        ],
        "curves": [
            {
                "name": curve.name,
                "lengths": list(curve.rows.values()),
                "reaches": {column.name: table.reached(curve, column.name) for column in table.columns},
            }
            for curve in table.curves
        ],
        "answers": [
            {
                **dataclasses.asdict(answer.question),
                "differences": {
                    name: {**sample.plain(), "verdict": answer.verdict(name)}
                    for name, sample in answer.differences.items()
                },
            }
            for answer in table.answers
        ],
    }


def _rendered(template: str, table: Table, *, is_html: bool) -> str:
    made = environment(is_html=is_html)
    made.filters.update({"score": _shown, "signed": _signed, "length_of": _length})
    return made.get_template(template).render(
        table=table,
        num_seeds={column.name: _num_seeds(table, column.name) for column in table.columns},
        charts={column.name: Markup(_chart(table, column.name)) for column in table.columns} if is_html else {},
        lines={column.name: Markup(_lines(table, column.name)) for column in table.columns if table.curves}
        if is_html
        else {},
        style=Markup((TEMPLATES / "style.css").read_text("utf-8")),  # our own file, not data
    )


def _num_seeds(table: Table, column: str) -> int:
    return max(len(sample.values) for (_, name), sample in table.cells.items() if name == column)


def _chart(table: Table, column: str) -> str:
    """Means and intervals of a column, a line for each row."""
    intervals = [
        Interval(label=row.chain, mean=sample.mean, half_width=sample.half_width or 0.0)
        for row in table.rows
        if (sample := table.cells.get((row.chain, column))) is not None
    ]
    said = "; ".join(f"{each.label} {each.mean:.1f}, plus or minus {each.half_width:.1f}" for each in intervals)
    return interval_chart(intervals, name=f"ablation {column}", description=f"{column} by row: {said}.")


def _lines(table: Table, column: str) -> str:
    """Means by length, a line for each curve."""
    lines = [
        Line(label=curve.name, points=[(share, sample.mean) for share, sample in table.points(curve, column)])
        for curve in table.curves
    ]
    said = "; ".join(f"{line.label} {', '.join(f'{score:.1f}' for _, score in line.points)}" for line in lines)
    target = table.cells[table.inputs.ablation.target, column].mean
    return line_chart(lines, target=target, name=f"lengths {column}", description=f"{column} by length: {said}.")


def _shown(sample: Sample) -> str:
    """`54.3 ± 1.2`; without an interval where there was one seed."""
    if sample.half_width is None:
        return f"{sample.mean:.1f}"
    return f"{sample.mean:.1f} ± {sample.half_width:.1f}"


def _length(share: float | None) -> str:
    return "not reached" if share is None else f"{share:.2f}"


def _signed(sample: Sample) -> str:
    text = f"{sample.mean:+.1f}".replace("-", wording.MINUS)
    return text if sample.half_width is None else f"{text} ± {sample.half_width:.1f}"
