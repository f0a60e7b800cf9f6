"""The page of a study: what was found, the report beside it, and loudly where it is not the full study."""

import re

import pytest

from kfood.errors import KfoodError
from kfood.reporting.study_page import write_study_page
from support.html_page import read_page
from support.made_study import made_study

SMALL = {"budget_name": "small", "about": "small: a little"}
ROWS = {"a": [0.9, 0.9], "poor": [0.3, 0.3], "half": [0.6], "lost": []}
LOST = {"lost": "the batch is too large"}
REPORT = {"a": {"valid": 0.6471, "test": 0.6246}, "poor": {"note": "only in a picture"}}


@pytest.fixture
def page_of(tmp_path):
    def write_and_read(study):
        out = tmp_path / "new" / "page.html"
        assert write_study_page([study.result()], study.terms, study.progress(), out) == out
        return read_page(out)

    return write_and_read


def test_head_and_table_say_what_was_found(page_of):
    page = page_of(made_study(ROWS, report=REPORT, failed=LOST, **SMALL))
    assert "2 of 4 rows done · 5 of 8 trainings done, 2 failed" in page.text
    assert "This is not the full study. Budget: small: a little." in page.text
    assert re.search(r"a 2 of 2 90\.0% 90\.0% 8\d\.\d% to 9\d\.\d% chosen 64\.7% 62\.5% not comparable", page.text)
    assert re.search(r"poor 2 of 2 30\.0% 30\.0% .{,20}% worse −60\.0 \(−6\d\.\d to −5\d\.\d\) points", page.text)
    assert "half 1 of 2 60.0% 60.0% not finished: 1 of 2 seeds" in page.text
    assert "lost 0 of 2 failed: the batch is too large" in page.text
    assert "only in a picture" in page.text and "not comparable: another budget" in page.text
    assert "runs/0" in page.text and "runs/20" in page.text


def test_intervals_are_drawn_on_one_scale(page_of):
    page = page_of(made_study({"a": [0.9, 0.9], "poor": [0.3, 0.3], "half": [0.6]}, **SMALL))
    pictures = [one for one in page.named("svg") if one.get("class") == "interval"]
    assert len(pictures) == 2 and pictures[0]["aria-label"].startswith("test accuracy 90.0%, 95% interval 8")
    ends = [(float(one["x1"]), float(one["x2"])) for one in page.named("line") if one.get("class") == "reach"]
    points = [float(one["cx"]) for one in page.named("circle")]
    assert 0 < ends[1][0] < points[1] < ends[1][1] < ends[0][0] < points[0] < ends[0][1] < 160


def test_only_what_is_less_than_the_full_study_is_warned_of(page_of):
    assert "not the full study" not in page_of(made_study({"a": [0.9, 0.9]}, reported=False)).text
    drawn = page_of(made_study({"a": [0.9, 0.9]}, data="demo")).text
    assert "These are drawings, not photos." in drawn and "not the full study" not in drawn


def test_without_the_report_there_is_no_column_for_it(page_of):
    assert "against the report" in page_of(made_study(ROWS, report=REPORT, **SMALL)).text
    assert "against the report" not in page_of(made_study(ROWS, **SMALL)).text


def test_a_study_of_which_nothing_is_done_has_a_page(page_of):
    page = page_of(made_study({"a": [], "b": []}, **SMALL))
    assert "0 of 2 rows done" in page.text and "No row has all its seeds yet" in page.text
    assert "interval" not in {one.get("class") for one in page.named("svg")}


def test_contents_lead_to_the_tables_and_nothing_comes_from_anywhere_else(page_of):
    page = page_of(made_study(ROWS, report=REPORT, failed=LOST, **SMALL))
    targets = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    links = [attributes["href"] for attributes in page.named("a")]
    assert len(links) == 2 and all(link.removeprefix("#") in targets for link in links)
    for _, attributes in page.elements:
        for name in ("src", "href", "action", "srcset", "data"):
            assert re.match("data:|#|$", attributes.get(name) or "")
        assert not any(name.startswith("on") for name in attributes)
    (policy,) = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv")]
    assert policy.startswith("default-src 'none'") and "script-src" not in policy and not page.scripts


def test_names_cannot_become_markup(page_of):
    hostile = '"><script>alert(1)</script>{{7*7}}'

    def page(text):
        rows = {text.replace("/", ""): [0.9, 0.9], "b" + text.replace("/", ""): []}
        made = {"title": text, "section": text, "about": text, "data": text, "budget_name": "small"}
        report = {name: {"valid": 0.5, "note": text} for name in rows}
        return page_of(made_study(rows, failed=dict.fromkeys(rows, text), report=report, **made))

    found, harmless = page(hostile), page("x")
    shape = [(name, sorted(attributes)) for name, attributes in found.elements]
    assert shape == [(name, sorted(attributes)) for name, attributes in harmless.elements]
    assert found.text.count(hostile) >= 6 and not found.scripts


def test_a_page_that_cannot_be_written(tmp_path):
    study = made_study({"a": [0.9, 0.9]}, **SMALL)
    (tmp_path / "file").write_text("")
    with pytest.raises(KfoodError, match="--out"):
        write_study_page([study.result()], study.terms, study.progress(), tmp_path / "file" / "page.html")
