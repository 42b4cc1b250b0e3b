import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.dag import draw, lines
from report.inputs import DagNode
from report.layers import apart, lay_out, layers, num_crossings, reduced


def node(name: str, *needs: str, seconds: float | None = 1.0) -> DagNode:
    return DagNode(name=name, family=name.partition("-")[0], seconds=seconds, num_bytes=2, num_rows=None, needs=needs)


def test_what_is_needed_through_another_anyway_is_not_drawn() -> None:
    needs = {"d": ["a", "b", "c"], "c": ["a"], "b": ["a"], "a": [], "e": ["a", "d"]}
    assert reduced(needs) == {"a": [], "c": ["a"], "b": ["a"], "d": ["b", "c"], "e": ["d"]}


def test_what_is_needed_and_not_there_is_left_out() -> None:
    assert reduced({"a": ["gone"]}) == {"a": []}


def test_everything_stands_as_far_on_as_its_children_allow() -> None:
    # a -> b -> c -> d, and x -> d: x may wait until just before d; y leads nowhere.
    parents = {"a": [], "b": ["a"], "c": ["b"], "x": [], "d": ["c", "x"], "y": []}
    assert layers(parents) == {"a": 0, "b": 1, "c": 2, "x": 2, "d": 3, "y": 3}


def test_lines_over_several_layers_share_one_trunk() -> None:
    layout = lay_out({"a": [], "b": ["a"], "c": ["b"], "p": ["a"], "q": ["a"], "d": ["c", "p", "q"]}, lambda *_: 1.0)
    # p and q stand beside c, two layers after a: both hang from a's one trunk in the layer of b.
    assert (((0, "a"), (1, "a"))) in layout.segments
    assert sorted(end for start, end in layout.segments if start == (1, "a")) == [(2, "p"), (2, "q")]


def test_crossings_are_counted_and_avoided() -> None:
    crossed = [[(0, "a"), (0, "b")], [(1, "x"), (1, "y")]]
    segments = [((0, "a"), (1, "y")), ((0, "b"), (1, "x"))]
    assert num_crossings(crossed, segments) == 1
    layout = lay_out({"a": [], "b": [], "x": ["b"], "y": ["a"]}, lambda *_: 1.0)
    assert (layout.middles[0, "a"] < layout.middles[0, "b"]) == (layout.middles[1, "y"] < layout.middles[1, "x"])


def test_places_are_the_nearest_that_leave_room() -> None:
    # All want 0, with room 2 each: -2, 0, 2 is nearest. One far off stays where it wants to be.
    assert apart([0.0, 0.0, 0.0], [2.0, 2.0, 2.0]) == [-2.0, 0.0, 2.0]
    assert apart([0.0, 10.0], [2.0, 4.0]) == [0.0, 10.0]


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(1, 9)), min_size=1, max_size=8))
def test_nothing_is_placed_over_another(points: list[tuple[float, float]]) -> None:
    wanted, rooms = zip(*points, strict=True)
    found = apart(wanted, rooms)
    for (left, right), (one, other) in zip(itertools.pairwise(found), itertools.pairwise(rooms), strict=True):
        assert right - left >= (one + other) / 2 - 1e-9


@given(st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=1, max_size=12))
def test_any_dag_is_drawn_without_boxes_over_each_other(needs: list[list[int]]) -> None:
    names = [f"Task-{number}" for number in range(len(needs))]
    nodes = [
        node(name, *(names[n] for n in own if n < k)) for k, (name, own) in enumerate(zip(names, needs, strict=True))
    ]
    drawing = draw(nodes)
    assert len(drawing.boxes) == len(nodes)
    for one, other in itertools.combinations(drawing.boxes, 2):
        is_beside = abs(one.x - other.x) >= one.width
        assert is_beside or one.y + one.height <= other.y + 0.2 or other.y + other.height <= one.y + 0.2
    x_of = {box.node.name: box.x for box in drawing.boxes}
    assert all(x_of[parent] < x_of[one.name] for one in nodes for parent in one.needs)
    assert all(box.y >= 0 and box.y + box.height <= drawing.height for box in drawing.boxes)


def test_the_longest_has_the_longest_bar_and_costs_are_summed() -> None:
    drawing = draw([node("A", seconds=10.0), node("B", "A", seconds=5.0), node("C", "B", seconds=None)])
    assert [box.share for box in drawing.boxes] == [1.0, 0.5, 0.0]
    assert (drawing.seconds, drawing.num_bytes) == (15.0, 6)


def test_a_dag_that_cost_nothing_is_drawn() -> None:
    assert [box.share for box in draw([node("A", seconds=None)]).boxes] == [0.0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("World", ["World"]),
        ("BenchmarkCorpus", ["Benchmark", "Corpus"]),
        ("-zero_shot_retrieval", ["zero shot", "retrieval"]),
        ("-vqa-after_token", ["vqa after", "token"]),
        ("x" * 30, ["x" * 13, "x" * 13, "x" * 4]),
        ("", []),
    ],
)
def test_names_are_broken_into_lines_that_fit_a_box(name: str, expected: list[str]) -> None:
    assert lines(name) == expected
