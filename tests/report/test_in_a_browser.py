"""The page as a reader has it: in Chromium, wide and on a phone, light and dark."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.report import browser as chromium
from tests.report.browser import Browser

PHONE_PX, DESK_PX = 390, 1280


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    executable = chromium.find()
    if executable is None:
        pytest.skip(f"needs a Chromium on the path: {', '.join(chromium.NAMES)}")
    with chromium.browser(executable, tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def path(report_folder: Path) -> Path:
    return report_folder / "record" / "report.html"


def test_the_page_is_shown_without_a_complaint_a_request_or_a_sideways_scroll(
    browser: Browser, path: Path, tmp_path: Path
) -> None:
    for width_px in (DESK_PX, PHONE_PX):
        for is_dark in (False, True):
            browser.show(path, width_px=width_px, is_dark=is_dark)
            assert browser.evaluate("innerWidth") == width_px
            assert browser.evaluate("document.documentElement.scrollWidth") <= width_px
            picture = browser.screenshot()
            (tmp_path / f"{width_px}{'-dark' if is_dark else ''}.png").write_bytes(picture)
            assert_is_drawn(picture, is_dark=is_dark)
            assert browser.complaints() == []
            assert all(address.startswith(("file:", "data:")) for address in browser.requests())


def assert_is_drawn(picture: bytes, *, is_dark: bool) -> None:
    """More than a blank sheet: paper of the right brightness, with ink, colours and pictures on it."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    assert image.height > 3000
    counts = sorted(image.getcolors(image.width * image.height) or [], reverse=True)
    paper: Any = counts[0][1]  # the commonest colour
    brightness = sum(paper) / 3
    assert brightness < 64 if is_dark else brightness > 192
    assert len(counts) > 1000


def test_all_pictures_are_decoded_and_all_boxes_lie_inside_them(browser: Browser, path: Path) -> None:
    browser.show(path, width_px=DESK_PX)
    assert browser.evaluate("document.querySelectorAll('svg.picture image').length") > 10
    outside = """[...document.querySelectorAll('svg.picture rect')].filter(rect => {
        const [inner, outer] = [rect, rect.ownerSVGElement].map(element => element.getBoundingClientRect());
        return inner.left < outer.left - 4 || inner.right > outer.right + 4
            || inner.top < outer.top - 4 || inner.bottom > outer.bottom + 4;
    }).length"""
    assert browser.evaluate(outside) == 0


def test_no_label_of_the_dag_is_wider_than_its_box(browser: Browser, path: Path) -> None:
    browser.show(path, width_px=DESK_PX)
    too_wide = """[...document.querySelectorAll('svg.dag g')].filter(box => [...box.querySelectorAll('text')].some(
        text => text.getBBox().width > box.querySelector('rect').getBBox().width)).length"""
    assert browser.evaluate("document.querySelectorAll('svg.dag g').length") == 3
    assert browser.evaluate(too_wide) == 0


def test_all_metrics_of_a_table_are_equally_wide_so_that_bars_are_on_one_scale(browser: Browser, path: Path) -> None:
    widths = """[...document.querySelectorAll('table.scores')].map(table => new Set(
        [...table.querySelectorAll('td')].map(cell => Math.round(cell.getBoundingClientRect().width))).size)"""
    for width_px in (DESK_PX, PHONE_PX):
        browser.show(path, width_px=width_px)
        assert set(browser.evaluate(widths)) == {1}


def test_on_a_phone_charts_stand_one_a_row_and_the_first_column_stays_and_is_narrow(
    browser: Browser, path: Path
) -> None:
    browser.show(path, width_px=PHONE_PX)
    charts = "[...document.querySelectorAll('.charts.pair figure')].map(figure => figure.getBoundingClientRect().left)"
    assert len(set(browser.evaluate(charts))) == 1
    names = """[...document.querySelectorAll('main > section > .scroll tbody th:first-child')].map(
        name => [getComputedStyle(name).position, name.getBoundingClientRect().width <= innerWidth / 2])"""
    found = browser.evaluate(names)
    assert found
    assert all(kind == ["sticky", True] for kind in found)
