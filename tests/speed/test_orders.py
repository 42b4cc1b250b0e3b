from __future__ import annotations

from speed.orders import measure


def test_a_small_walk_is_measured_and_agrees_with_the_published_one() -> None:
    walked, epoch = measure((64,), num_rows=512, queue=256)
    assert walked.work == "a walk through 64 rows"
    assert walked.notes == {"agreement": "1.0000"}
    assert epoch.ours.peak_mib > 0
    assert epoch.notes["scaled up from"] == "512 rows"
