"""A terminal shows the names that it is given, and obeys none of them."""

import re
import unicodedata

import pytest
from PIL import Image

CLASSES = [
    "\x1b[2Jx",
    "new\nline",
    "\u202egnp",
    "[red]x[bold]",
    ":smile:",
    "<img src=x onerror=alert(1)>",
    "--help",
    "all",
]


@pytest.fixture
def checked(kfood, make_photos, here):
    """What `kfood data check` prints of classes and photos of such names, one photo of each class being none."""
    for name in CLASSES:
        (make_photos(here / "photos", {name: 8}) / name / f"{name[:20]}.jpg").write_bytes(b"no photo")
    Image.new("L", (9, 9)).save(here / "photos" / "all" / "grey\x1b[31m.png")
    return kfood("data", "check", "photos")


def test_nothing_is_obeyed(checked):
    assert (checked.code, checked.err) == (0, "")
    unsafe = [character for character in checked.out if unicodedata.category(character) in ("Cc", "Zl", "Zp")]
    assert set(unsafe) <= {"\n"} and "\u202e" not in checked.out


@pytest.mark.parametrize("shown", [r"\x1b[2Jx", r"new\nline", r"\u202egnp", *CLASSES[3:7]])
def test_names_stand_as_they_are_or_written_out(checked, shown):
    assert re.search(rf"│ {re.escape(shown)} +│ +5 │", checked.out)


def test_a_class_of_the_name_of_the_last_row_keeps_its_own(checked):
    rows = [line.split("│")[-2].strip() for line in checked.out.splitlines() if line.startswith("│ all ")]
    assert rows == ["9", str(8 * len(CLASSES) + 1)]


def test_messages_keep_to_their_lines(checked):
    left_out = [line for line in checked.out.splitlines() if line.startswith("Left out, cannot be read: ")]
    assert len(left_out) == 5 and all(line.endswith("(cannot identify image file)") for line in left_out)
    assert r"new\nline/new\nline.jpg" in checked.out
