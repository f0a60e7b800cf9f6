"""Photos that were judged."""

import pandas as pd
import pytest

A, B = "갈비찜", "돼지갈비찜"


@pytest.fixture
def photos(make_photos, tmp_path):
    """Four photos: one label issue, one unsure, two right."""
    root = make_photos(tmp_path / "photos", {A: 3, B: 1})
    rows = [
        (A, 0, B, 0.9, 0.1, True),
        (A, 1, B, 0.6, 0.4, False),
        (A, 2, A, 0.8, 0.8, False),
        (B, 0, B, 0.7, 0.7, False),
    ]
    table = pd.DataFrame(
        rows, columns=["label", "n", "proposed", "probability", "probability_of_label", "is_label_issue"]
    )
    paths = [str(root / label / f"{n:04}.jpg") for label, n in zip(table["label"], table["n"], strict=True)]
    return table.drop(columns="n").assign(
        path=paths,
        digest=[f"{number:032x}" for number in range(4)],
        split="train",
        label_quality=[0.1, 0.4, 0.9, 0.8],
        alike=[paths[3], paths[3], "", ""],
    )
