"""The page in a browser: what a person decides there is what kfood reads."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.data.fixes_file import read_fixes
from kfood.data.prepare import prepare_samples
from kfood.duplicates.files import write_duplicates
from kfood.duplicates.search import find_duplicates
from kfood.recipes.schema import Data
from kfood.system.files import content_digest, write_csv
from support.browser import chromium, downloaded, keep_downloads
from support.textured import changed, save, textured

pytest.importorskip("selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = pytest.mark.slow
HOSTILE = '</script>, "img'
DISHES = ("김밥", "라면", HOSTILE)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    yield from chromium(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def table(tmp_path):
    """A CSV: ten photos of each of three dishes; 0 is also under 라면, 1 is twice, 2 is there again as a test photo."""
    split = ["train"] * 6 + ["valid"] * 2 + ["test"] * 2
    rows = [
        (save(textured(100 * dish + number), tmp_path / f"{dish}-{number}.jpg", 90), name, split[number])
        for dish, name in enumerate(DISHES)
        for number in range(10)
    ]
    rows.append((save(changed(0, "mirrored"), tmp_path / "label.jpg"), "라면", "train"))
    rows.append((shutil.copy(tmp_path / "0-1.jpg", tmp_path / "twice.jpg"), "김밥", "train"))
    rows.append((save(changed(2, "resized"), tmp_path / "leak.jpg"), "김밥", "test"))
    write_csv(tmp_path / "photos.csv", pd.DataFrame(rows, columns=["path", "label", "split"]))
    return tmp_path / "photos.csv"


@pytest.fixture
def page(browser, table, tmp_path):
    decided = {"digest": digest(table, "2-9.jpg"), "action": "drop", "value": "", "path": "", "reason": "by hand"}
    (tmp_path / "out").mkdir()
    write_csv(tmp_path / "out" / "fixes.csv", pd.DataFrame([decided]))
    write_duplicates(find_duplicates(Data(root=str(table))), tmp_path / "out")
    browser.get((tmp_path / "out" / "duplicates.html").as_uri())
    yield browser
    assert browser.get_log("browser") == []


def digest(table, name):
    return content_digest((table.parent / name).read_bytes())


def choice(page, words):
    """The list to choose from whose first line says these words."""
    lists = map(Select, page.find_elements(By.CSS_SELECTOR, "select[data-choice]"))
    return next(each for each in lists if words in each.options[0].text)


def look_of(element):
    """Return an element as it is drawn: height x width, 0 to 1."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot_as_png)).convert("L")) / 255


def click(page, selector):
    element = page.find_element(By.CSS_SELECTOR, selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def count(page):
    return page.find_element(By.ID, "count").text


def test_hangul_in_a_list_is_drawn_where_no_korean_font_is_installed(page):
    """A list's choice that was drawn before the page's font had come, as boxes, would stay so until drawn again."""
    page.execute_async_script("document.fonts.ready.then(arguments[0])")
    chosen = choice(page, "keep as 김밥").first_selected_option.find_element(By.XPATH, "..")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", chosen)
    before = look_of(chosen)
    write = "arguments[0].selectedOptions[0].textContent = arguments[1]"
    page.execute_script(write, chosen, "keep as 라면")
    page.execute_script(write, chosen, "keep as 김밥")
    assert np.abs(look_of(chosen) - before).max() < 0.1  # smoothing may differ


def test_what_is_decided_is_what_is_read_and_done(page, table, tmp_path):
    assert count(page) == "1 to drop, 0 with another label, 3 groups kept together"
    names = [each.text for each in choice(page, "keep as 라면").options]
    assert names == ["keep as 라면", "drop", "it is 김밥", f"it is {HOSTILE}"]
    choice(page, "keep as 라면").select_by_visible_text(f"it is {HOSTILE}")
    choice(page, "keep both files").select_by_visible_text("drop both")
    click(page, "#leak .bulk button")
    click(page, "#same-class input[data-group]")
    assert count(page) == "3 to drop, 1 with another label, 2 groups kept together"
    keep_downloads(page)
    click(page, "#download")
    (tmp_path / "mine.csv").write_bytes(downloaded(page))
    fixes = read_fixes(tmp_path / "mine.csv")
    said = fixes[fixes["action"] != "group"].set_index("digest")
    assert said[["action", "value"]].T.to_dict("list") == {
        digest(table, "2-9.jpg"): ["drop", ""],
        digest(table, "label.jpg"): ["relabel", HOSTILE],
        digest(table, "twice.jpg"): ["drop", ""],
        digest(table, "0-2.jpg"): ["drop", ""],
    }
    assert said.loc[digest(table, "0-2.jpg"), "reason"] == f"a copy of {tmp_path / 'leak.jpg'} (김밥, test)"
    assert said.loc[digest(table, "2-9.jpg"), "reason"] == "by hand"
    prepared = prepare_samples(Data(root=str(table), fixes=str(tmp_path / "mine.csv")))
    assert "3 dropped, 1 relabelled, 3 grouped, 1 of test only noted" in prepared.layout


def test_one_photo_has_one_answer_and_it_can_be_taken_back(page):
    before = count(page)
    choice(page, "keep as 라면").select_by_visible_text("drop")
    assert count(page).startswith("2 to drop")
    choice(page, "keep as 라면").select_by_visible_text("keep as 라면")
    assert count(page) == before
    click(page, "#decisions summary")
    field = page.find_element(By.ID, "text")  # filled once it has opened
    text = WebDriverWait(page, 20).until(lambda _: field.get_attribute("value"))
    assert text.splitlines()[0] == "digest,action,value,path,reason"
    assert len(text.splitlines()) == 1 + 1 + 5  # the two files of one content have one line


def test_without_decisions_in_reach_there_is_no_bar(browser, make_photos, tmp_path):
    root = make_photos(tmp_path / "photos", {"김밥": 5, "라면": 5})
    page = write_duplicates(find_duplicates(Data(root=str(root))), tmp_path / "out")[0]
    browser.get(page.as_uri())
    assert not browser.find_element(By.ID, "download").is_displayed()
