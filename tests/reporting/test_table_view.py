"""What stands in a cell."""

import numpy as np
import pandas as pd
import pytest

from kfood.reporting.table_view import number_text, percent, view_table


def cells(*values):
    view = view_table("", pd.DataFrame({"x": list(values)}))
    return [text for (text,) in view.rows]


def test_numbers_have_the_decimals_that_their_column_needs():
    assert cells(0.86154, 0.5, 1.0) == ["0.862", "0.500", "1.000"]
    assert cells(51.72, 58.09) == ["51.72", "58.09"]
    assert cells(313.5, 20.9) == ["313.5", "20.9"]
    assert cells(1396, 7) == ["1396", "7"]


def test_a_small_number_is_not_shown_as_zero():
    assert cells(0.003, 4.7188e-08, 0.0) == ["0.003", "4.7e-08", "0.000"]


def test_counts_with_a_gap_stay_counts():
    assert cells(3, None, 12) == ["3", "", "12"]


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_what_is_missing_is_empty(missing):
    assert cells("a", missing) == ["a", ""]


def test_only_numbers_are_set_flush_right():
    table = pd.DataFrame({"name": ["1"], "n": [1], "share": [0.5], "right": [True], "mixed": [None]})
    view = view_table("Title", table)
    assert view.numeric == [False, True, True, False, False]
    assert view.rows == [["1", "1", "0.500", "yes", ""]]


def test_an_index_with_a_name_is_the_first_column():
    counts = pd.DataFrame({"김밥": [3]}, index=pd.Index(["라면"], name="label"))
    assert view_table("", counts).columns == ["label", "김밥"]
    assert view_table("", counts).rows == [["라면", "3"]]
    assert view_table("", counts.rename_axis(None)).columns == ["김밥"]


def test_a_table_without_rows_keeps_its_head():
    view = view_table("", pd.DataFrame({"a": [], "b": []}))
    assert (view.columns, view.rows) == (["a", "b"], [])


def test_shares_and_odd_numbers():
    assert (percent(0.86154), percent(None), percent(float("nan"))) == ("86.2%", "", "")
    assert [number_text(value) for value in (float("inf"), float("-inf"), float("nan"))] == ["∞", "−∞", ""]
