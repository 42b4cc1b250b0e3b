"""What the report says of a benchmark: its scores beside what sees less and what others published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from report import artifacts
from report.contents import Benchmark, Scores
from report.corpora import in_order
from report.inputs import BenchmarkFolders
from report.predictions import changes, predictions

SCORES = "scores.json"
PREDICTIONS = "predictions.parquet"


def benchmark(
    folders: BenchmarkFolders, stages: Iterable[str], *, is_comparable: bool, corpora: Sequence[Path] = ()
) -> Benchmark:
    """The benchmark whose `folders.pair` holds scores.json; `stages` are the curriculum's, in order.

    One of `corpora` may hold its rows, which say what each answer earns.
    """
    record, where = artifacts.json_object(folders.pair / SCORES), str(folders.pair / SCORES)
    after = _after(folders, list(stages))
    return Benchmark(
        **{field: artifacts.text(record, field, where) for field in ("title", "about", "address", "protocol", "split")},
        data=artifacts.texts(record, "data", where),
        is_zero_shot=record.get("is_zero_shot") is True,
        is_comparable=is_comparable,
        sizes=artifacts.numbers(record, "sizes", where),
        main=_main(record, where),
        scores=_main_first(artifacts.scores(record, "scores", where), *_main(record, where)),
        text_only=_scores(folders.text / SCORES) if folders.text and (folders.text / SCORES).is_file() else None,
        baselines=_rows(record, "baselines", where),
        after={stage: _scores(folder / SCORES) for stage, folder in after.items() if (folder / SCORES).is_file()},
        published=_rows(record, "published", where),
        by_kind=_by_kind(record, where),
        predictions=predictions(folders.pair / PREDICTIONS, corpora),
        changes=changes({stage: folder / PREDICTIONS for stage, folder in after.items()}, corpora),
    )


def _after(folders: BenchmarkFolders, stages: list[str]) -> dict[str, Path]:
    """The folders after each stage; what follows the last one is the model itself."""
    if not folders.after:
        return {}
    return in_order({**dict.fromkeys(stages[-1:], folders.pair), **folders.after}, stages)


def _main(record: dict[str, Any], where: str) -> list[str]:
    main = artifacts.texts(record, "main", where)
    return main if len(main) == 2 else artifacts.refuse("a group and a metric", main, f"{where}, main")


def _main_first(scores: Scores, group: str, metric: str) -> Scores:
    return in_order({name: in_order(metrics, [metric]) for name, metrics in scores.items()}, [group])


def _scores(path: Path) -> Scores:
    return artifacts.scores(artifacts.json_object(path), "scores", str(path))


def _rows(record: dict[str, Any], field: str, where: str) -> dict[str, Scores]:
    rows = artifacts.objects(record, field, where)
    return {row: artifacts.scores(rows, row, f"{where}, {field}") for row in rows}


def _by_kind(record: dict[str, Any], where: str) -> dict[str, dict[str, float]]:
    """The commonest kinds first; what is no number (a baseline that has none) is left out."""
    kinds = artifacts.objects(record, "by_kind", where)
    found = {kind: artifacts.known_numbers(kinds, kind, f"{where}, by_kind") for kind in kinds}
    return dict(sorted(found.items(), key=lambda item: -item[1].get("num_rows", 0)))
