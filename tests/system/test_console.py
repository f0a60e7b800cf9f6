"""Output into consoles and pipes as people have them."""

import os
import subprocess
import sys

import pytest

SAYS_HANGUL = """
from kfood.system.console import write_what_can_be_written
from kfood.system import logs
import logging
write_what_can_be_written()
with logs.shown():
    for number in range({lines}):
        logging.getLogger("kfood.test").info("Data: 김밥 — %d", number)
print("done")
"""


def run(code: str, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "latin-1"])
def test_what_an_encoding_lacks_is_replaced(encoding):
    out, err = run(SAYS_HANGUL.format(lines=1), PYTHONIOENCODING=encoding).communicate()
    assert err == b""
    said, done = out.decode(encoding).splitlines()
    assert said.startswith("Data: ") and said.endswith(" 0") and done == "done"
    assert ("김밥" in said) == (encoding == "cp949")


def test_a_reader_that_goes_away_ends_nothing():
    process = run(SAYS_HANGUL.format(lines=5000) + "import sys; sys.exit(7)", PYTHONIOENCODING="utf-8")
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait() == 7 and err == b""
