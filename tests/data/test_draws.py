from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data import draws

ROOT = Path(__file__).parents[2]


def _mixed(x: int) -> int:
    """SplitMix64's finaliser in Python's own integers."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % 2**64
    return x ^ (x >> 31)


GOLDEN = 0x9E3779B97F4A7C15


def test_bits_are_splitmix64_over_the_four_counters() -> None:
    # The published generator, seeded with 0, gives the finaliser of its increment first: 0xE220A8397B1DCDAF.
    assert _mixed(GOLDEN) == 0xE220A8397B1DCDAF
    key = draws.row_keys(["coco:1#t"])
    counter = _mixed((7 * GOLDEN + 3) % 2**64)
    counter = _mixed((counter + draws.slot_number("mask") * GOLDEN) % 2**64)
    base = _mixed((int(key[0]) + counter) % 2**64)
    expected = [_mixed((base + step * GOLDEN) % 2**64) for step in (1, 2, 3)]
    assert draws.bits(7, 3, key, "mask", 3).tolist() == [expected]


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**6), st.lists(st.text(max_size=5), max_size=5))
def test_uniform_is_the_upper_bits_below_one(seed: int, epoch: int, row_ids: list[str]) -> None:
    keys = draws.row_keys(row_ids)
    shares = draws.uniform(seed, epoch, keys, "slot", 4)
    assert shares.shape == (len(row_ids), 4)
    assert ((shares >= 0) & (shares < 1)).all()
    np.testing.assert_array_equal(shares, (draws.bits(seed, epoch, keys, "slot", 4) >> np.uint64(11)) / 2**53)


@given(st.permutations(["a", "b", "c", "d"]))
def test_a_row_draws_the_same_in_any_company_and_order(order: list[str]) -> None:
    together = dict(zip(order, draws.uniform(1, 2, draws.row_keys(order), "s", 3).tolist(), strict=True))
    for row_id in order:
        assert draws.uniform(1, 2, draws.row_keys([row_id]), "s", 3).tolist() == [together[row_id]]


def test_asking_for_more_draws_keeps_the_first() -> None:
    keys = draws.row_keys(["a", "b"])
    np.testing.assert_array_equal(draws.bits(1, 2, keys, "s", 10)[:, :4], draws.bits(1, 2, keys, "s", 4))


def test_seed_epoch_row_and_slot_each_change_every_draw() -> None:
    keys, other = draws.row_keys(["a"]), draws.row_keys(["b"])
    first = draws.bits(1, 2, keys, "s", 100)
    variants = [draws.bits(9, 2, keys, "s", 100), draws.bits(1, 9, keys, "s", 100)]
    variants += [draws.bits(1, 2, other, "s", 100), draws.bits(1, 2, keys, "t", 100)]
    for variant in variants:
        assert not np.isin(variant, first).any()


def test_draws_are_even_and_independent_across_rows_epochs_and_draws() -> None:
    keys = draws.row_keys(f"coco:{number}" for number in range(2000))
    shares = draws.uniform(0, 0, keys, "s", 50)  # 100,000 draws: the mean's standard error is 0.0009
    assert abs(shares.mean() - 0.5) < 0.005
    counts, _ = np.histogram(shares, bins=100, range=(0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 160  # chi square with 99 degrees of freedom: 1 in 10,000 is above 161
    later = draws.uniform(0, 1, keys, "s", 50)
    for one, other in ((shares, later), (shares[:, :-1], shares[:, 1:]), (shares[:-1], shares[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.015


def test_integers_are_even_below_a_limit_that_may_differ_by_row() -> None:
    keys = draws.row_keys(f"coco:{number}" for number in range(3000))
    high = np.where(np.arange(3000) % 2 == 0, 3, 5)[:, None]
    drawn = draws.integers(4, 0, keys, "s", high, 10)
    assert (abs(np.bincount(drawn[::2].ravel()) - 5000) < 300).all()  # 15,000 draws of three values
    assert (abs(np.bincount(drawn[1::2].ravel()) - 3000) < 250).all()


def test_keys_and_slots_do_not_depend_on_the_process() -> None:
    code = "from data import draws; print(draws.row_keys(['coco:1'])[0], draws.slot_number('mask'))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert printed.split() == [str(draws.row_keys(["coco:1"])[0]), str(draws.slot_number("mask"))]
