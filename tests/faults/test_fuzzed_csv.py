"""CSVs spoiled at random: samples that make sense, or one sentence that names the file; never a crash."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfood.data.check import check_photos
from kfood.data.layouts import read_layout
from kfood.errors import KfoodError
from support.soak import drawn

pytestmark = pytest.mark.slow

CELLS = st.sampled_from(
    [
        *(
            "path",
            "label",
            "split",
            "group",
            "train",
            "test",
            "holdout",
            "a.jpg",
            "../x/b.png",
            "/dev/zero",
            "/proc/self/mem",
        ),
        *(
            "=1+1",
            "-2",
            "@x",
            "",
            " ",
            "~/a.jpg",
            "//",
            ".",
            "..",
            '"',
            '"a""b"',
            '"a\nb"',
            '"unclosed',
            "김밥",
            "\0",
            "\r",
        ),
        *("x" * 200, "y" * 5000, "z" * 200_000, "a/" * 3000, "\x1b[2J", "\u202egnp.jpg", "NA", "nan"),
    ]
) | st.text(max_size=12)
LINES = st.lists(st.lists(CELLS, max_size=6).map(",".join), max_size=8)
HEADERS = st.sampled_from(["path,label", "path,label", "label, path ,split,group", "path,label,path", "path;label", ""])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp949"])


@drawn
@given(
    header=HEADERS,
    lines=LINES,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=ENCODINGS,
    noise=st.binary(max_size=3),
)
def test_a_spoiled_csv(tmp_path_factory, header, lines, end, encoding, noise):
    path = tmp_path_factory.getbasetemp() / "spoiled.csv"
    path.write_bytes(end.join([header, *lines]).encode(encoding, "replace") + noise)
    try:
        samples = read_layout(path).samples
    except KfoodError as error:
        assert not {unicodedata.category(character) for character in str(error)} & {"Cc", "Cs", "Zl", "Zp"}
        assert "spoiled.csv" in str(error) and len(str(error)) < 10_000
        return
    assert len(samples) and (samples[["path", "label"]] != "").all(axis=None)
    assert set(samples["split"]) <= {"", "train", "valid", "test"}
    assert samples["path"].is_unique
    assert (check_photos(samples, path)["fault"] != "").all()  # none of these is a photo
