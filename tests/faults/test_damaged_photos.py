"""Whatever was done to a photo's bytes, it is read or it is a fault: no other error, no warning, no crash, no hang."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.soak import cases

pytestmark = pytest.mark.slow

HELPER = Path(__file__).with_name("damaged_photos.py")
PATIENCE = 600  # seconds, for a machine that does much else; a decoder that hangs would take for ever


def test_damaged_photos_are_read_or_told(tmp_path):
    command = [sys.executable, "-W", "always", str(HELPER), str(cases(160, 1600)), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    said = ended.stderr.splitlines()
    assert len(said) == 1, ended.stderr  # nothing but the count
    faults, photos = (int(word) for word in said[0].split()[:3:2])
    assert 0 < faults < photos  # the damage was neither too mild nor too heavy to tell anything
