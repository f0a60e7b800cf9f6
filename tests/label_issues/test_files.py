"""Files on doubtful labels: proposals apart from what a person decided, which is never written over."""

import json
import re

import pytest

from kfood.data.fixes_file import read_fixes
from kfood.errors import KfoodError
from kfood.label_issues.files import write_label_issues
from kfood.label_issues.search import LabelIssues
from kfood.recipes.schema import Data
from kfood.system.files import write_csv
from support.html_page import read_page


def test_what_a_person_decided_stays_and_is_not_proposed_again(photos, tmp_path):
    found, folder = (
        LabelIssues(Data(), photos.assign(is_label_issue=[True, True, False, False]), None),
        tmp_path / "doubts",
    )
    write_label_issues(found, folder)
    proposed = read_fixes(folder / "proposals.csv")
    assert proposed["digest"].tolist() == photos["digest"].tolist()[:2]
    mine = proposed.head(1).assign(action="drop", value="", reason="half eaten")
    write_csv(folder / "fixes.csv", mine)
    before = (folder / "fixes.csv").read_bytes()
    write_label_issues(found, folder)
    assert (folder / "fixes.csv").read_bytes() == before
    assert read_fixes(folder / "proposals.csv")["digest"].tolist() == photos["digest"].tolist()[1:2]
    decisions = json.loads(read_page(folder / "label-issues.html").scripts["decisions-data"])
    assert decisions["rows"] == mine.to_numpy().tolist()


def test_a_folder_that_cannot_be_written(photos, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KfoodError, match=re.escape(str(tmp_path / "file"))):
        write_label_issues(LabelIssues(Data(), photos, None), tmp_path / "file")
