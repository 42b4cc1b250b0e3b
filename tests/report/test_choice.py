from hypothesis import given
from hypothesis import strategies as st

from report.choice import spread


def test_all_are_shown_where_there_are_no_more_than_wanted() -> None:
    assert spread(0, 3, of="rows") == []
    assert spread(3, 3, of="rows") == [0, 1, 2]


def test_two_tables_of_one_length_show_different_places() -> None:
    assert spread(10_000, 3, of="token") != spread(10_000, 3, of="phrase")


@given(st.integers(1, 10_000), st.integers(1, 9), st.text(max_size=5))
def test_one_is_drawn_from_each_part(num_rows: int, num_wanted: int, of: str) -> None:
    chosen = spread(num_rows, num_wanted, of=of)
    assert chosen == spread(num_rows, num_wanted, of=of)
    assert len(set(chosen)) == min(num_rows, num_wanted)
    if num_rows > num_wanted:
        width = num_rows / num_wanted
        assert all(part * width - 1 < row < (part + 1) * width for part, row in enumerate(chosen))
