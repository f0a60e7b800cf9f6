"""The page without a server of ours: it answers as the exported model does, and sends nothing anywhere."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from kfood.errors import MachineError
from kfood.exported.predict import Model
from kfood.exporting.folder import export_run
from kfood.exporting.onnxruntime_web import FILES, put_onnxruntime_web
from kfood.run.folder import Run
from support.browser import asked_of, chromium, files_served
from support.two_runs import A, C, unsure_copy

pytest.importorskip("selenium")
pytest.importorskip("onnxscript")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.slow
GIVEN = os.environ.get("KFOOD_ONNXRUNTIME_WEB")  # a folder or an archive, for machines without npm
PROBABILITIES = """
const [content, done] = arguments;
import("/ask.js").then(async ask => {
    window.opened ??= ask.open();
    await window.opened;
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    done(await ask.probabilities(new Blob([bytes])));
}).catch(error => done(error.message));
"""


@pytest.fixture(scope="module")
def run(two_runs, tmp_path_factory) -> Run:
    """A copy of the small run that says of two classes when it cannot tell them."""
    return unsure_copy(two_runs.main, tmp_path_factory.mktemp("runs"), 0.999999)


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Path:
    """The files of onnxruntime-web; where they cannot be had, the tests are skipped."""
    folder = tmp_path_factory.mktemp("engine")
    try:
        put_onnxruntime_web(folder, Path(GIVEN) if GIVEN else None)
    except MachineError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module", params=["float32", "int8"])
def page(run, engine, tmp_path_factory, request):
    out = tmp_path_factory.mktemp("out") / "page"
    folder = export_run(run, out, request.param, page=True, onnxruntime_web=engine)
    (folder / "extra.txt").write_text("not the page's", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    yield from chromium(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def opened(browser, page):
    with files_served(page) as address:
        browser.get(address)
        WebDriverWait(browser, 60).until(lambda _: browser.find_element(By.ID, "about").text)
        yield browser
        assert asked_of(browser) <= {urlsplit(address).netloc, "blob"}
        assert browser.get_log("browser") == []


def test_it_stands_beside_the_model_and_is_told_of_in_both_languages(page):
    names = {path.name for path in page.iterdir()}
    assert {"index.html", "model.onnx", "predict.py", "README.md"} <= names
    assert {path.name for path in (page / "onnxruntime").iterdir()} == set(FILES)
    readme = (page / "README.md").read_text(encoding="utf-8")
    assert "python -m http.server" in readme and "index.html에서" in readme
    assert "'wasm-unsafe-eval'" in (page / "index.html").read_text(encoding="utf-8")


def test_it_answers_as_the_model_does(opened, page, run):
    model = Model(page / "model.onnx")
    photos = run.predictions["path"].tolist()
    there, here = [], []
    for photo in photos:
        found = opened.execute_async_script(PROBABILITIES, base64.b64encode(Path(photo).read_bytes()).decode())
        assert isinstance(found, list), found
        here.append(found)
        there.append(model.probabilities(model.prepare(photo)[None])[0])
    in_8_bits = model.metadata["precision"] == "int8"  # which engines round in ways of their own
    changed = np.argmax(here, axis=1) != np.argmax(there, axis=1)
    assert changed.mean() <= (0.05 if in_8_bits else 0.005)
    assert np.abs(np.array(here) - np.array(there)).max() < (0.05 if in_8_bits else 0.01)


def test_a_person_is_answered_and_told_that_the_photo_stays(opened, run):
    opened.find_element(By.CSS_SELECTOR, ".languages button[lang=en]").click()
    told = run.predictions[run.predictions["predicted"].isin([A, C])]
    opened.find_element(By.ID, "file").send_keys(told["path"].iloc[0])
    WebDriverWait(opened, 60).until(lambda _: opened.find_element(By.ID, "result").is_displayed())
    assert opened.find_element(By.ID, "answer").text.endswith(": cannot tell")
    assert len(opened.find_elements(By.CSS_SELECTOR, "#dishes li")) == 3
    assert "does not leave this device" in opened.find_element(By.ID, "privacy").text
    assert not opened.find_element(By.ID, "look").is_displayed()
    assert not opened.find_element(By.ID, "verdict").is_displayed()
