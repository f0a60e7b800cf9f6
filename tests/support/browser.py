"""A browser to open pages in, as a person does from disk."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ARGUMENTS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1300,900"""


def chromium(profile: Path) -> Iterator[Chrome]:
    """Yield Chromium without a window; skip the test where it, its driver or selenium is not installed."""
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium with ChromeDriver is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*ARGUMENTS.split(), f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


def keep_downloads(browser: Chrome) -> None:
    """Let the open page remember what it offers to download."""
    browser.execute_script(
        "window.blobs = []; const make = URL.createObjectURL;"
        "URL.createObjectURL = blob => { window.blobs.push(blob); return make(blob); };"
    )


def downloaded(browser: Chrome) -> bytes:
    """Return the content of the latest file that the page offered since `keep_downloads`."""
    return bytes(
        browser.execute_async_script(
            "const done = arguments[0];"
            "window.blobs.at(-1).arrayBuffer().then(content => done([...new Uint8Array(content)]))"
        )
    )


@contextmanager
def files_served(folder: Path) -> Iterator[str]:
    """Hand out a folder's files as `python -m http.server` does; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def asked_of(browser: Chrome) -> set[str]:
    """Return the hosts, or kinds such as blob:, that the open page has asked since it was opened."""
    names = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    return {urlsplit(name).netloc or urlsplit(name).scheme for name in names}
