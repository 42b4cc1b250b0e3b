"""VQA's measures: the official accuracy asks for ten answers a row, which LXMERT's form does not keep."""

from model.benchmarks import Answered
from model.benchmarks.vqa import BENCHMARK


def _answered(*published: str) -> Answered:
    return Answered(row_id="vqa:1", kind="", set_id="", published=published, targets={"net": 1.0}, answer="net")


def test_the_official_accuracy_is_given_only_where_every_row_has_ten_answers() -> None:
    ten, four = _answered(*["net"] * 10), _answered(*["net"] * 4)
    assert BENCHMARK.measure([ten]) == {"questions": {"soft score": 100.0, "official accuracy": 100.0}}
    assert BENCHMARK.measure([ten, four]) == {"questions": {"soft score": 100.0}}
