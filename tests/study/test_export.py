"""The tables as files: numbers that can be reckoned with, and Markdown in which every text stands as it is."""

import re

import pandas as pd
import pytest

from kfood.errors import KfoodError
from kfood.study.export import export_study, markdown
from kfood.study.tables import COLUMNS
from kfood.system.files import read_csv
from support.made_study import made_study

SMALL = {"budget_name": "small", "about": "small: a little"}


def cells(line):
    """A table's line as Markdown reads it: parted at each | that no backslash stands before."""
    return [re.sub(r"\\(.)", r"\1", cell).strip() for cell in re.findall(r"\|((?:\\.|[^|\\])*)(?=\|)", line)]


def table_lines(path):
    return [line for line in path.read_text("utf-8").splitlines() if line.startswith("|")]


def test_the_csv_holds_the_numbers_and_leaves_out_what_is_not_known(tmp_path):
    study = made_study({"a": [0.9, 0.9], "half": [0.3]}, **SMALL)
    csv, _ = export_study([study.result()], tmp_path / "new" / "folder")
    table = read_csv(csv, text=["row", "verdict"])
    assert csv.name == "table.csv" and list(table.columns) == COLUMNS
    assert table["row"].tolist() == ["a", "half"] and table["verdict"][1] == "not finished: 1 of 2 seeds"
    whole = study.result().numbers
    for column in ("valid", "test", "low", "high", "loss", "macro-F1", "minutes"):
        assert table[column].tolist() == pytest.approx(whole[column].tolist(), nan_ok=True)
    assert table["n"].tolist() == [400, 400] and pd.isna(table["low"][1])


def test_the_caption_says_on_what_terms(tmp_path):
    report = {"a": {"valid": 0.6471, "test": 0.6246}, "b": {"note": "lower, figure only in a picture"}}
    study = made_study({"a": [0.9, 0.9], "b": [0.3, 0.3], "c": []}, report=report, **SMALL)
    *_, file = export_study([study.result()], tmp_path)
    text = file.read_text("utf-8")
    assert text.startswith("## A table (report 2.1)\n\nBudget: small: a little. Photos: ")
    assert "400 for validation and 400 for test, 2 seeds. Chosen on validation, compared on test: a." in text
    assert "not comparable: another budget." in text and "The report on b: lower, figure only in a picture." in text
    head, _, *rows = map(cells, table_lines(file))
    first = dict(zip(head, rows[0], strict=True))
    assert (first["row"], first["seeds"], first["test"], first["n"]) == ("a", "2 of 2", "0.9000", "400")
    assert (first["report valid"], first["report test"], first["minutes"]) == ("0.6471", "0.6246", "2.0")
    last = dict(zip(head, rows[2], strict=True))
    assert last["verdict"] == "not finished: 0 of 2 seeds" and last["n"] == last["test"] == ""


def test_names_and_reasons_cannot_become_markup(tmp_path):
    names = ["<b>a|b", "|", "*a*[b](c)`d`&amp;"]
    reason = "no room\n| a \\| new | line\r\n## here"
    study = made_study({names[0]: [0.9, 0.9], names[1]: [0.3, 0.3], names[2]: []}, failed={names[2]: reason}, **SMALL)
    result = study.result()
    *_, file = export_study([result], tmp_path)
    lines = [cells(line) for line in table_lines(file)]
    assert len(lines) == 2 + len(names) and {len(line) for line in lines} == {len(result.rows.columns)}
    assert [line[0] for line in lines[2:]] == names
    assert "failed: no room | a \\| new | line ## here" in lines[-1]
    assert not re.search(r"(?<!\\)[<`*\[]", file.read_text("utf-8"))
    assert sum(line.startswith("#") for line in file.read_text("utf-8").splitlines()) == 1


def test_a_table_in_markdown():
    table = pd.DataFrame({"name": ["가", None], "share": [0.25, float("nan")], "minutes": [1.25, 3.0]})
    assert markdown(table).splitlines() == [
        "| name | share | minutes |",
        "| --- | --- | --- |",
        "| 가 | 0.2500 | 1.2 |",
        "|  |  | 3.0 |",
    ]


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(KfoodError, match="no table yet"):
        export_study([], tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(KfoodError, match="file"):
        export_study([made_study({"a": [0.9, 0.9]}, **SMALL).result()], tmp_path / "file")
