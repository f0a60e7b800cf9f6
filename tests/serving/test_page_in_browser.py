"""The server's page in a browser: a photo goes in, an answer comes out, and nothing goes to another host."""

from __future__ import annotations

import io
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from PIL import Image

from kfood.run.cannot_tell import CannotTell
from kfood.serving.app import build_app
from kfood.serving.collect import Collection
from kfood.serving.service import Service
from support.browser import asked_of, chromium
from support.served import CLASSES, HOSTILE, ByColour, behind_an_address, photo_of

pytest.importorskip("selenium")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


class DrawnMaps:
    """In place of a run's: says by its shape which class was asked for."""

    def draw(self, photo, pixels, name):
        content = io.BytesIO()
        Image.new("RGB", (100 + CLASSES.index(name), 50)).save(content, "JPEG")
        return content.getvalue()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    yield from chromium(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def address(kept):
    rules = [CannotTell(("갈비찜", "돼지갈비찜"), 0.9, 0.95, 0.95)]
    service = Service(ByColour(), rules, {}, DrawnMaps(), Collection(kept, CLASSES))
    with behind_an_address(build_app(service)) as address:
        yield address


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number, name in enumerate(CLASSES):
        (folder / f"{number}.jpg").write_bytes(photo_of(name, size=(400, 300)))
    (folder / "no photo.jpg").write_bytes(b"no photo")
    return folder


@pytest.fixture
def page(browser, address):
    browser.get("about:blank")
    browser.get(address)
    browser.execute_script("localStorage.clear()")
    use(browser, "en")
    yield browser
    assert asked_of(browser) <= {urlsplit(address).netloc, "blob"}
    wrong = [entry for entry in browser.get_log("browser") if "415" not in entry["message"]]
    assert wrong == []  # neither scripts that fail nor what the policy forbids


def text(browser, name):
    return browser.find_element(By.ID, name).text


def use(browser, language):
    browser.find_element(By.CSS_SELECTOR, f".languages button[lang={language}]").click()


def ask(browser, photos, name):
    browser.find_element(By.ID, "file").send_keys(str(photos / f"{CLASSES.index(name)}.jpg"))
    WebDriverWait(browser, 20).until(lambda _: browser.find_element(By.ID, "result").is_displayed())
    WebDriverWait(browser, 20).until(lambda _: text(browser, "status") == "")


def bars(browser):
    return [tuple(row.text.split("\n")) for row in browser.find_elements(By.CSS_SELECTOR, "#dishes li")]


def natural_width(browser):
    return browser.execute_script("return document.getElementById('photo').naturalWidth")


def test_a_photo_is_answered_with_the_likeliest_dishes(page, photos):
    ask(page, photos, "김밥")
    assert text(page, "answer").startswith("김밥, ")
    shown = bars(page)
    assert len(shown) == 5 and shown[0][0] == "김밥" and all(share.endswith("%") for _, share in shown)
    assert natural_width(page) == 400
    assert page.switch_to.active_element.get_attribute("id") == "answer"  # read aloud at once
    ask(page, photos, "라면")
    assert text(page, "answer").startswith("라면, ")


def test_dishes_that_cannot_be_told_apart_in_both_languages(page, photos):
    ask(page, photos, "돼지갈비찜")
    assert text(page, "answer") == "돼지갈비찜 or 갈비찜: cannot tell"
    use(page, "ko")
    assert text(page, "answer") == "돼지갈비찜 또는 갈비찜: 구별할 수 없습니다"
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "ko"
    assert "맞아요" in text(page, "verdict")
    page.refresh()
    assert page.find_element(By.TAG_NAME, "h1").text == "무슨 음식일까요?"  # it is remembered
    use(page, "en")
    assert page.find_element(By.TAG_NAME, "h1").text == "Which dish is it?"


def test_where_it_looks_is_shown_for_any_of_the_dishes(page, photos):
    ask(page, photos, "라면")
    page.find_element(By.ID, "look").click()
    WebDriverWait(page, 20).until(lambda _: natural_width(page) == 100 + CLASSES.index("라면"))
    assert page.find_element(By.ID, "key").is_displayed()
    second = page.find_elements(By.CSS_SELECTOR, "#dishes button")[1]
    name = second.get_attribute("data-name")
    second.click()
    WebDriverWait(page, 20).until(lambda _: natural_width(page) == 100 + CLASSES.index(name))
    assert second.get_attribute("aria-pressed") == "true"
    assert name in page.find_element(By.ID, "photo").get_attribute("alt")
    page.find_element(By.ID, "look").click()
    WebDriverWait(page, 20).until(lambda _: natural_width(page) == 400)


def test_a_hostile_name_is_text(page, photos):
    ask(page, photos, HOSTILE)
    assert text(page, "answer").startswith(f"{HOSTILE}, ")
    assert page.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    assert HOSTILE in page.execute_script("return document.getElementById('it-is').textContent")


def test_what_is_no_photo_is_said_in_a_sentence(page, photos):
    page.find_element(By.ID, "file").send_keys(str(photos / "no photo.jpg"))
    WebDriverWait(page, 20).until(lambda _: text(page, "status") == "This file cannot be read as a photo.")
    assert not page.find_element(By.ID, "result").is_displayed()
    use(page, "ko")
    assert text(page, "status") == "사진으로 읽을 수 없는 파일입니다."
    ask(page, photos, "김밥")


def test_what_people_tell_is_kept_and_said_so(page, photos, kept):
    assert "kept" in text(page, "privacy")
    ask(page, photos, "비빔밥")
    page.find_element(By.ID, "right").click()
    WebDriverWait(page, 20).until(lambda _: text(page, "status") == "Thank you. The photo is kept as 비빔밥.")
    assert [path.parent.name for path in kept.rglob("*.jpg")] == ["비빔밥"]
    Select(page.find_element(By.ID, "it-is")).select_by_value("라면")
    page.find_element(By.CSS_SELECTOR, "#verdict [type=submit]").click()
    WebDriverWait(page, 20).until(lambda _: text(page, "status") == "Thank you. The photo is kept as 라면.")
    assert [path.parent.name for path in kept.rglob("*.jpg")] == ["라면"]


def test_a_photo_may_be_pasted_or_dropped(page):
    give = """const [kind, bytes] = arguments, data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], 'a.jpg', { type: 'image/jpeg' }));
        document.dispatchEvent(kind === 'drop' ? new DragEvent('drop', { dataTransfer: data, bubbles: true })
            : new ClipboardEvent('paste', { clipboardData: data }));"""
    for kind, name in (("paste", "라면"), ("drop", "김밥")):
        page.execute_script(give, kind, list(photo_of(name)))
        WebDriverWait(page, 20).until(lambda _, name=name: text(page, "answer").startswith(f"{name}, "))


def test_the_keyboard_reaches_everything(page, photos):
    ask(page, photos, "라면")
    page.execute_script("document.querySelector('.languages button').focus()")
    reached = ["ko"]
    for _ in range(30):
        ActionChains(page).send_keys(Keys.TAB).perform()
        there = page.switch_to.active_element
        reached.append(there.get_attribute("id") or there.get_attribute("lang") or there.get_attribute("data-name"))
        style = "return getComputedStyle(document.activeElement).outlineStyle"
        assert reached[-1] == "file" or page.execute_script(style) == "solid", reached[-1]
        if there.tag_name == "summary":
            break
    assert {"ko", "en", "file", "라면", "look", "right", "it-is"} <= set(reached)
    names = "return [...document.querySelectorAll('button, input, select')].filter(one => one.checkVisibility())"
    for control in page.execute_script(names):
        assert control.accessible_name, control.get_attribute("outerHTML")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_scrolls_sideways_on_a_phone(page, photos, language):
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        use(page, language)
        assert page.find_element(By.CSS_SELECTOR, "label[for=camera]").is_displayed()
        assert page.find_element(By.ID, "camera").get_attribute("capture") == "environment"
        ask(page, photos, HOSTILE)
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
        over = """return [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > 391)
            .map(one => one.outerHTML.slice(0, 200))"""
        assert page.execute_script(over) == []
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_stand_out_in_light_and_dark(page, photos, theme):
    """Contrast of WCAG 2.2, AA: 4.5 for text."""
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    try:
        ask(page, photos, "라면")
        found = page.execute_script(CONTRAST)
        assert len(found) > 10 and {name: ratio for name, ratio in found if ratio < 4.5} == {}
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_other_hosts_are_out_of_reach(page):
    script = "return fetch('https://example.invalid/', { mode: 'no-cors' }).then(() => 'reached', () => 'refused')"
    assert page.execute_script(script) == "refused"
    (refused, *_) = page.get_log("browser")
    assert "Content Security Policy" in refused["message"]


CONTRAST = """
const light = channel => (channel /= 255) <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
const brightness = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
const behind = one => {
    for (; one; one = one.parentElement) {
        const colour = numbers(getComputedStyle(one).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
    }
};
return [...document.querySelectorAll('body *')]
    .filter(one => one.checkVisibility() && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => {
        const two = [brightness(numbers(getComputedStyle(one).color)), brightness(behind(one))].sort((a, b) => b - a);
        return [one.outerHTML.slice(0, 80), (two[0] + 0.05) / (two[1] + 0.05)];
    });
"""


class Calibrated(ByColour):
    """Says by the colour at which level it answers."""

    columns = ("answer", "level", "set", "group", "group_probability", "known_p")
    said: ClassVar = {
        "김밥": ["김밥", "dish", "김밥", "밥", 0.98, 0.6],
        "갈비찜": ["찜", "group", "갈비찜|돼지갈비찜", "찜", 0.97, 0.4],
        "라면": [None, "unsure", f"라면|{HOSTILE}", "밥", 0.5, 0.2],
        "비빔밥": [None, "none of these", "비빔밥", "밥", 0.6, 0.003],
    }

    def answers(self, photos):
        shares = self.probabilities(photos)
        return shares, [self.said.get(self.classes[row.argmax()], self.said["라면"]) for row in shares]


@pytest.mark.parametrize(
    ("dish", "answer", "of_set"),
    [
        ("김밥", "김밥, ", "In 90% of cases it is one of: 김밥"),
        ("갈비찜", "A kind of 찜, 97%", "In 90% of cases it is one of: 갈비찜, 돼지갈비찜"),
        ("라면", f"Not sure: 라면, {HOSTILE}", f"In 90% of cases it is one of: 라면, {HOSTILE}"),
        ("비빔밥", "None of the dishes that it knows", ""),
    ],
)
def test_a_calibrated_model_answers_at_the_level_that_it_can(browser, photos, dish, answer, of_set):
    about = {"calibrated": {"coverage": 0.9, "refuse": 0.05, "accuracy": 0.95, "dish_from": 0.8, "group_from": 0.9}}
    with behind_an_address(build_app(Service(Calibrated(), [], about))) as address:
        browser.get(address)
        use(browser, "en")
        ask(browser, photos, dish)
        assert text(browser, "answer").startswith(answer)
        assert text(browser, "set") == of_set
        share = {"김밥": "60%", "갈비찜": "40%", "라면": "20%", "비빔밥": "0.3%"}[dish]
        assert text(browser, "stranger") == (
            f"Of photos of dishes that it knows, {share} are as strange (the limit is 5%)."
        )
