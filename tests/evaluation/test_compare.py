"""Two runs are told apart only where their photos say so."""

import pandas as pd
import pytest

from kfood.errors import RunError
from kfood.evaluation.compare import compare_runs
from kfood.evaluation.metrics import summarise
from kfood.recipes.schema import Recipe
from kfood.run.folder import create_run
from kfood.statistics.tests import mcnemar
from kfood.system.files import write_csv, write_json


def a_run(folder, right, lr):
    """A run whose test photos 0, 1, … are right or wrong as given."""
    rows = [
        {
            "path": str(number),
            "split": split,
            "label": "a",
            "predicted": "a" if is_right else "b",
            "probability": 0.9,
            "loss": 0.1,
            "p_a": 0.5,
            "p_b": 0.5,
        }
        for split in ("valid", "test")
        for number, is_right in enumerate(right)
    ]
    recipe = Recipe.model_validate({"name": "r", "optimizer": {"lr": lr}})
    run = create_run(recipe, {}, folder)
    table = pd.DataFrame(rows)
    write_csv(run.predictions_file, table)
    write_json(run.metrics_file, {split: summarise(part) for split, part in table.groupby("split")})
    return run


def test_mcnemar_counts_the_photos_on_which_they_differ():
    first = pd.Series([True, True, True, False, False])
    second = pd.Series([True, False, False, True, False])
    # 2 against 1 of 3: both tails of a fair coin hold everything
    assert mcnemar(first, second) == (2, 1, pytest.approx(1.0))
    # 6 against 0: 2 x 0.5^6
    assert mcnemar(pd.Series([True] * 6), pd.Series([False] * 6)) == (6, 0, pytest.approx(2 / 64))
    assert mcnemar(first, first) == (0, 0, 1.0)


def test_one_run_is_nothing_to_compare(tmp_path):
    with pytest.raises(RunError, match="two runs or more"):
        compare_runs([a_run(tmp_path / "a", [True], 1e-3)])


def test_a_difference_that_chance_explains_is_none(tmp_path):
    runs = [a_run(tmp_path / "1", [1, 1, 0, 0, 1, 1], 0.1), a_run(tmp_path / "2", [1, 0, 0, 0, 1, 1], 0.1)]
    (verdict,) = compare_runs(runs).verdicts
    assert "cannot be told apart" in verdict
    assert "0 are right only in" in verdict


def test_a_clear_difference_and_what_differs(tmp_path):
    runs = [a_run(tmp_path / "1", [0] * 10 + [1] * 10, 0.1), a_run(tmp_path / "2", [1] * 20, 0.2)]
    comparison = compare_runs(runs)
    assert "is better than" in comparison.verdicts[0]
    assert comparison.differences["key"].tolist() == ["optimizer.lr"]
    assert comparison.results["accuracy"].tolist() == [0.5, 1.0]
