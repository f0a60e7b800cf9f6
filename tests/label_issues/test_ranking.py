"""Labels of low quality come first, and label issues become proposals that fixes.csv takes."""

import numpy as np
import pandas as pd
import pytest

from kfood.data.fixes_file import read_fixes
from kfood.label_issues.ranking import most_alike, proposed_relabels, rank_labels
from kfood.system.files import write_csv

CLASSES = ["갈비찜", "김밥", "돼지갈비찜"]


@pytest.fixture
def found() -> pd.DataFrame:
    """Sixty photos that a model is sure about; three have another label than it says."""
    labels = np.arange(60) % 3
    said = np.full((60, 3), 0.05)
    said[np.arange(60), labels] = 0.9
    for photo in (0, 30, 59):
        said[photo] = np.roll([0.02, 0.95, 0.03], labels[photo])
    samples = pd.DataFrame({"path": [f"{n}.jpg" for n in range(60)], "split": "train"})
    samples["label"], samples["digest"] = np.array(CLASSES)[labels], [f"{n:032x}" for n in range(60)]
    return rank_labels(samples, said, CLASSES)


def test_the_wrong_ones_come_first_and_are_label_issues(found):
    assert set(found["path"][:3]) == {"0.jpg", "30.jpg", "59.jpg"}
    assert found["is_label_issue"].tolist() == [True] * 3 + [False] * 57
    assert (found["proposed"] != found["label"]).tolist() == [True] * 3 + [False] * 57
    assert found["label_quality"].is_monotonic_increasing and found["label_quality"].between(0, 1).all()


def test_a_proposal_is_a_line_of_fixes(found, tmp_path):
    write_csv(tmp_path / "fixes.csv", proposed_relabels(found))
    fixes = read_fixes(tmp_path / "fixes.csv")
    assert fixes["action"].tolist() == ["relabel"] * 3
    proposed = found.set_index("digest")["proposed"]
    assert fixes["value"].tolist() == proposed.loc[fixes["digest"]].tolist()


def test_what_is_most_alike_has_the_proposed_label_and_is_of_another_plate():
    features = np.array([[1, 0], [1, 0.1], [1, 0.3], [0, 1], [1, 0]], dtype=float)
    labels, groups = np.array([0, 1, 1, 1, 1]), np.array([0, 0, 1, 2, 3])
    found = most_alike(features, labels, groups, proposed=np.array([1, 1, 1, 1, 0]))
    assert found.tolist() == [4, -1, -1, -1, 0]  # of the first one's own plate is photo 1
    assert most_alike(features[:4], labels[:4], groups[:4], np.array([1, 1, 1, 1])).tolist() == [2, -1, -1, -1]
