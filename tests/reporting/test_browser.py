"""The page in a browser, opened from disk: what a person clicks, types and sees."""

from __future__ import annotations

import csv
import io
from urllib.parse import parse_qs

import pandas as pd
import pytest

from kfood.evaluation.metrics import per_class
from kfood.evaluation.predictions import is_right, of_split
from kfood.interpretation.section import Section
from kfood.reporting.page import write_report
from support.browser import chromium, downloaded, keep_downloads
from support.fake_run import fake_run

pytest.importorskip("selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = pytest.mark.slow
HOSTILE = "</script><img src=x onerror=alert(1)>"
DISHES = {"갈비찜": 60, "김밥": 40, "라면": 50, HOSTILE: 30}
AT_A_TIME = 60
READ_TILES = """return [...document.querySelectorAll('.tile')].map(tile => [
    tile.querySelector('.true').textContent, tile.querySelector('.answer bdi').textContent,
    tile.querySelector('.answer').textContent[0], tile.querySelector('.loss').textContent])"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    yield from chromium(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("browser")
    return [
        fake_run(place / "mission1" / name, place / "photos", DISHES, seed=seed, only_test=True, pixels=32)
        for seed, name in enumerate(("first", "second"))
    ]


def written(runs, tmp_path_factory):
    def section(run):
        table = per_class(of_split(run.predictions, "test")).reset_index(names="class")
        wide = pd.concat([table] * 3, axis=1)
        return Section("per-class", "By class", ["A sentence."], {"Recall": table, "Wide": wide})

    folder = tmp_path_factory.mktemp("report")
    return write_report(runs, {run.name: [section(run)] for run in runs}, folder / "report 갈비찜 #1.html", "test")


@pytest.fixture(scope="module")
def alone(runs, tmp_path_factory):
    return written(runs[:1], tmp_path_factory).as_uri()


@pytest.fixture(scope="module")
def together(runs, tmp_path_factory):
    return written(runs, tmp_path_factory).as_uri()


@pytest.fixture
def page(browser, alone):
    yield opened(browser, alone)
    assert browser.get_log("browser") == []


@pytest.fixture
def both(browser, together):
    yield opened(browser, together)
    assert browser.get_log("browser") == []


def opened(browser, address):
    browser.get("about:blank")  # or a change of the # alone would load nothing
    browser.get(address)
    return browser


def choose(browser, name, text):
    Select(browser.find_element(By.NAME, name)).select_by_visible_text(text)


def count(browser):
    return browser.find_element(By.ID, "count").text


def show_all(browser):
    more = browser.find_element(By.ID, "more")
    while more.is_displayed():
        browser.execute_script("arguments[0].click()", more)


def tiles(browser):
    return [tuple(tile) for tile in browser.execute_script(READ_TILES)]


def expected(table, by="loss", ascending=False):
    """What the tiles of these photos say; the page knows four decimals, and what they make equal keeps its order."""
    table = table.round({"loss": 4, "probability": 4}).sort_values(by, ascending=ascending, kind="stable")
    signs = is_right(table).map({True: "✓", False: "✗"})
    losses = [f"loss {loss:.2f}" for loss in table["loss"]]
    return list(zip(table["label"], table["predicted"], signs, losses, strict=True))


def all_of(run):
    return of_split(run.predictions, "test")


def test_at_first_the_photos_of_highest_loss_are_shown(page, runs):
    everything = expected(all_of(runs[0]))
    assert count(page) == "180 of 180 photos"
    assert tiles(page) == everything[:AT_A_TIME]
    page.execute_script("document.getElementById('more').click()")
    assert tiles(page) == everything[: 2 * AT_A_TIME]
    show_all(page)
    assert tiles(page) == everything
    widths = page.execute_script("return [...document.querySelectorAll('.tile img')].map(image => image.naturalWidth)")
    assert widths == [32] * len(everything)


def test_filters_leave_exactly_the_photos_they_name(page, runs):
    table = all_of(runs[0])
    choose(page, "true", "김밥")
    assert count(page) == "40 of 180 photos"
    assert tiles(page) == expected(table[table["label"] == "김밥"])
    choose(page, "only", "✗ wrong only")
    wrong = table[(table["label"] == "김밥") & ~is_right(table)]
    assert tiles(page) == expected(wrong) and 0 < len(wrong) < 40
    choose(page, "true", "all")
    choose(page, "predicted", "라면")
    wrong = table[(table["predicted"] == "라면") & ~is_right(table)]
    assert tiles(page) == expected(wrong)
    choose(page, "only", "✓ right only")
    show_all(page)
    assert tiles(page) == expected(table[(table["predicted"] == "라면") & is_right(table)])
    page.find_element(By.CSS_SELECTOR, "[type=reset]").click()
    WebDriverWait(page, 10).until(lambda browser: count(browser) == "180 of 180 photos")


@pytest.mark.parametrize(
    ("order", "by", "ascending"),
    [
        ("lowest loss", "loss", True),
        ("highest probability", "probability", False),
        ("lowest probability", "probability", True),
    ],
)
def test_orders(page, runs, order, by, ascending):
    choose(page, "sort", order)
    assert tiles(page) == expected(all_of(runs[0]), by, ascending)[:AT_A_TIME]


def test_file_names_are_searched_for(page, runs):
    page.find_element(By.NAME, "file").send_keys("003")
    table = all_of(runs[0])
    assert tiles(page) == expected(table[table["path"].str.contains(r"003\d\.jpg$|\d003\.jpg$")])
    page.find_element(By.NAME, "file").send_keys("nothing such")
    assert (count(page), tiles(page)) == ("0 of 180 photos", [])
    assert not page.find_element(By.ID, "download").is_enabled()


def test_a_filtered_view_can_be_linked(page, alone, runs):
    choose(page, "true", "갈비찜")
    choose(page, "only", "✗ wrong only")
    choose(page, "sort", "lowest loss")
    before, address = tiles(page), page.current_url
    wanted = parse_qs(address.partition("#photos&")[2])
    assert wanted == {"true": ["갈비찜"], "only": ["wrong"], "sort": ["loss-up"]}
    page.refresh()
    assert tiles(page) == before
    assert Select(page.find_element(By.NAME, "true")).first_selected_option.text == "갈비찜"
    opened(page, address)
    assert tiles(page) == before
    opened(page, alone + "#photos&true=nothing&sort=nothing&only=nothing")
    assert tiles(page) == expected(all_of(runs[0]))[:AT_A_TIME]


def test_the_keyboard_alone_opens_turns_and_closes_a_photo(page, runs):
    table = all_of(runs[0]).sort_values("loss", ascending=False, kind="stable")
    page.execute_script("document.getElementById('download').focus()")

    def press(key):
        page.switch_to.active_element.send_keys(key)

    def facts():
        return page.find_element(By.ID, "photo-facts").text

    press(Keys.TAB)
    press(Keys.TAB)
    assert page.switch_to.active_element.get_attribute("data-place") == "1"
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press(Keys.ENTER)
    assert page.find_element(By.ID, "photo").is_displayed()
    assert table["path"].iloc[1] in facts()
    row = table.iloc[1]
    best = row.filter(like="p_").sort_values(ascending=False, kind="stable").head(3)
    for name, share in best.items():
        assert name.removeprefix("p_") in facts() and f"{share:.1%}" in facts()
    press(Keys.ARROW_RIGHT)
    assert table["path"].iloc[2] in facts()
    press(Keys.ESCAPE)
    WebDriverWait(page, 10).until(lambda browser: not browser.find_element(By.ID, "photo").is_displayed())
    assert page.switch_to.active_element.get_attribute("data-place") == "2"


def test_the_list_as_csv(page, runs):
    keep_downloads(page)
    choose(page, "true", HOSTILE)
    page.find_element(By.ID, "download").click()
    content = downloaded(page)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    table = all_of(runs[0])
    table = table[table["label"] == HOSTILE].sort_values("loss", ascending=False, kind="stable")
    assert [row["path"] for row in rows] == table["path"].tolist()
    assert [row["predicted"] for row in rows] == table["predicted"].tolist()
    assert {row["label"] for row in rows} == {HOSTILE}
    assert [float(row["loss"]) for row in rows] == pytest.approx(table["loss"].tolist(), abs=5e-5)
    assert [row["right"] for row in rows] == ["yes" if right else "no" for right in is_right(table)]


def test_a_hostile_name_is_shown_as_text(page):
    choose(page, "true", HOSTILE)
    assert {label for label, *_ in tiles(page)} == {HOSTILE}
    page.execute_script("document.querySelector('.tile').click()")
    assert page.find_element(By.ID, "photo-title").text == f"True class: {HOSTILE}"
    assert HOSTILE in page.find_element(By.TAG_NAME, "main").text
    assert page.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    assert page.title.startswith("mission1/first")  # an alert would be in the way of every command


@pytest.mark.parametrize("of", ["alone", "together"])
def test_nothing_scrolls_sideways_on_a_phone(browser, request, of):
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        opened(browser, request.getfixturevalue(of))
        browser.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
        over = """return [...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll, nav ul, .skip')
            && one.getBoundingClientRect().right > 391).map(one => one.outerHTML.slice(0, 200))"""
        assert browser.execute_script(over) == []
        browser.execute_script("document.querySelector('.tile').click()")
        box = browser.execute_script("return document.getElementById('photo').getBoundingClientRect().toJSON()")
        assert box["left"] >= 0 and box["right"] <= 390 and box["bottom"] <= 844
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_several_runs_side_by_side_and_where_they_disagree(both, runs):
    parts = both.find_elements(By.CSS_SELECTOR, "section[id^=topic] .run")
    lefts = [part.rect["x"] for part in parts]
    assert len(lefts) == 2 and lefts[1] > lefts[0] + 400
    first, second = (all_of(run).reset_index(drop=True) for run in runs)
    differ = first["predicted"] != second["predicted"]
    both.find_element(By.NAME, "disagree").click()
    assert count(both) == f"{differ.sum()} of 180 photos"
    show_all(both)
    assert tiles(both) == expected(first[differ])
    choose(both, "run", "mission1/second")
    show_all(both)
    assert tiles(both) == expected(second[differ])
    address = both.current_url
    opened(both, address)
    show_all(both)
    assert tiles(both) == expected(second[differ])
    both.execute_script("document.querySelector('.tile').click()")
    facts = both.find_element(By.ID, "photo-facts").text
    assert "mission1/first" in facts and "mission1/second" in facts


def test_hangul_is_drawn_where_no_korean_font_is_installed(page):
    """Of "갈비찜", each syllable in the font that the page brings: a missing font draws one box for all."""
    drawn = page.execute_async_script(
        """const done = arguments[0];
        const drawn = syllable => {
            const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 40 });
            const pen = canvas.getContext('2d');
            pen.font = '30px "kfood Hangul"';
            pen.fillText(syllable, 2, 32);
            return canvas.toDataURL();
        };
        document.fonts.load('30px "kfood Hangul"', '갈비찜').then(faces =>
            done([faces.map(face => face.status), [...'갈비찜'].map(drawn)]));"""
    )
    assert drawn[0] == ["loaded"] and len(set(drawn[1])) == 3
    family = page.execute_script("return getComputedStyle(document.querySelector('.tile .true')).fontFamily")
    assert '"kfood Hangul"' in family


def test_nothing_is_asked_of_the_network(page):
    asked = page.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name.slice(0, 5))")
    assert set(asked) <= {"data:"}
    page.execute_script("new Image().src = 'https://example.invalid/a.png'")
    refused = WebDriverWait(page, 10).until(lambda browser: browser.get_log("browser"))
    assert "Content Security Policy" in refused[0]["message"]


def test_on_paper_everything_is_open_and_no_control_is_left(page):
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert page.execute_script("return document.querySelectorAll('details:not([open])').length") == 0
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not page.find_element(By.ID, "filters").is_displayed()
        assert not page.find_element(By.TAG_NAME, "nav").is_displayed()
        assert page.find_element(By.ID, "tiles").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert page.execute_script("return document.querySelectorAll('details[open]').length") == 0
