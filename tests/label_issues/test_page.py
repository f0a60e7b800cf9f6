"""The page on doubtful labels: what is shown beside a photo, and what can be decided."""

import json

import pandas as pd

from kfood.data.fixes_file import COLUMNS
from kfood.label_issues import page
from kfood.label_issues.noise_rates import NoiseRates, Rate
from kfood.label_issues.search import LabelIssues, PairLabelIssues
from kfood.recipes.schema import Data
from support.html_page import read_page

A, B = "갈비찜", "돼지갈비찜"
NOTHING_DECIDED = pd.DataFrame(columns=list(COLUMNS))


def test_each_photo_stands_beside_one_with_the_label_it_is_taken_for(photos):
    is_label_issue, doubtful = page.issue_parts(photos)
    (card,) = is_label_issue.cards
    photo, alike = card.sides
    assert (photo.path, alike.path) == (photos["path"][0], photos["path"][3])
    assert (photo.label, alike.label, alike.note) == (A, B, f"the most like it of {B}")
    assert photo.choice.likely == [B] and photo.choice.own == A and alike.choice is None
    assert [card.sides[0].path for card in doubtful.cards] == [photos["path"][1]]


def test_nothing_is_decided_on_the_page_but_by_a_person(photos, tmp_path):
    flips = NoiseRates(Rate(0.3, 0.2, 0.4, 3), Rate(0.0, 0.0, 0.1, 1), Rate(0.2, 0.1, 0.3, 4), 1.0, None)
    floors = [
        ("flipped labels", 0.2, 0.1, 0.3, 4, "by chance"),
        ("copies", float("nan"), float("nan"), float("nan"), 0, ""),
    ]
    floors = pd.DataFrame(floors, columns=["by", "error", "low", "high", "n", "if"])
    found = LabelIssues(Data(root="<b>here</b>"), photos, PairLabelIssues((A, B), flips, floors))
    shown = read_page(page.write_issues_page(found, NOTHING_DECIDED, tmp_path))
    decisions = json.loads(shown.scripts["decisions-data"])
    assert decisions["rows"] == [] and decisions["classes"] == [A, B]
    assert shown.named("b") == []
    assert len(shown.named("img")) == 4
    for words in ("Labels taken for wrong", f"{B} 0.90, {A} 0.10", "30.0%", "20.0% to 40.0%", "only 1.0 widths apart"):
        assert words in shown.text


def test_no_doubt_is_said(photos, tmp_path):
    found = LabelIssues(Data(), photos[2:], None)
    assert "No label is in doubt" in read_page(page.write_issues_page(found, NOTHING_DECIDED, tmp_path)).text
