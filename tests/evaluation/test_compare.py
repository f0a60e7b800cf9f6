"""Two runs, or two recipes, are told apart only where their photos say so."""

import numpy as np
import pandas as pd
import pytest

from kfood.errors import RunError
from kfood.evaluation import compare
from kfood.evaluation.metrics import summarise
from kfood.recipes.schema import Recipe
from kfood.run.folder import create_run
from kfood.statistics.tests import mcnemar
from kfood.system.files import write_csv, write_json


def a_run(folder, right, lr, seed=0, root="photos", plates=None):
    """A run whose test photos 0, 1, … are right or wrong as given; `plates` says which are shots of one."""
    plates = range(len(right)) if plates is None else plates
    rows = [
        {
            "path": f"{root}/{number}",
            "split": split,
            "label": "a",
            "group": f"{plate}",
            "predicted": "a" if is_right else "b",
            "probability": 0.9,
            "loss": 0.1,
            "p_a": 0.5,
            "p_b": 0.5,
        }
        for split in ("valid", "test")
        for number, (is_right, plate) in enumerate(zip(right, plates, strict=True))
    ]
    recipe = Recipe.model_validate({"name": "r", "optimizer": {"lr": lr}, "training": {"seed": seed}})
    run = create_run(recipe, {}, folder)
    table = pd.DataFrame(rows)
    samples = table[["path", "split", "label", "group"]].assign(area="")
    write_csv(run.samples_file, samples.assign(digest=samples["path"].str.rsplit("/").str[-1] + samples["split"]))
    write_csv(run.predictions_file, table)
    write_json(run.metrics_file, {split: summarise(part) for split, part in table.groupby("split")})
    return run


def compare_runs(runs, split="test"):
    """The comparison, with the last part of each run's name alone."""
    found = compare.compare_runs(runs, split)
    parent = f"{runs[0].folder.parent.name}/"
    return compare.Comparison(found.differences, found.results, [each.replace(parent, "") for each in found.verdicts])


def test_mcnemar_counts_the_photos_on_which_they_differ():
    first = pd.Series([True, True, True, False, False])
    second = pd.Series([True, False, False, True, False])
    assert mcnemar(first, second) == (2, 1, pytest.approx(1.0))
    ten_to_none = pd.Series([True] * 10), pd.Series([False] * 10)
    assert mcnemar(*ten_to_none) == (10, 0, pytest.approx(2 / 2**10))
    assert mcnemar(first, first) == (0, 0, 1.0)


def test_one_run_is_nothing_to_compare(tmp_path):
    with pytest.raises(RunError, match="two runs or more"):
        compare_runs([a_run(tmp_path / "a", [True], 1e-3)])


def test_a_difference_that_chance_explains_is_none(tmp_path):
    runs = [a_run(tmp_path / "1", [1] * 10 + [0] * 10, 0.1), a_run(tmp_path / "2", [0, *[1] * 10, *[0] * 9], 0.1)]
    verdict, _ = compare_runs(runs).verdicts
    assert "cannot be told apart" in verdict
    assert "1 are right only in 2 and 1 only in 1" in verdict


def test_a_clear_difference_and_what_differs(tmp_path):
    runs = [a_run(tmp_path / "1", [0] * 10 + [1] * 10, 0.1), a_run(tmp_path / "2", [1] * 20, 0.2)]
    comparison = compare_runs(runs)
    verdict, limits = comparison.verdicts
    assert "2 is better than 1" in verdict and "difference +0.5000" in verdict
    assert limits.startswith("One training of each tells of these trainings, not of their recipes")
    assert comparison.differences["key"].tolist() == ["optimizer.lr"]
    assert comparison.results["accuracy"].tolist() == [0.5, 1.0]


def test_shots_of_one_plate_prove_no_more_than_the_plate(tmp_path):
    before, after = [0] * 12 + [1] * 12, [1] * 24
    alone = [a_run(tmp_path / name, right, 0.1) for name, right in (("1", before), ("2", after))]
    plates = np.repeat(range(6), 4)  # three plates are gained, with all four shots
    shots = [a_run(tmp_path / name, right, 0.1, plates=plates) for name, right in (("3", before), ("4", after))]
    assert "better" in compare_runs(alone).verdicts[0]
    assert "cannot be told apart: on 24 common test photos of 6 plates" in compare_runs(shots).verdicts[0]


def test_photos_are_the_same_where_their_content_is(tmp_path):
    moved = a_run(tmp_path / "2", [1] * 20, 0.2, root="another folder")
    verdict = compare_runs([a_run(tmp_path / "1", [0] * 10 + [1] * 10, 0.1), moved]).verdicts[0]
    assert "on 20 common test photos, 10 are right only in 2" in verdict


def test_several_seeds_of_each_compare_the_recipes(tmp_path):
    rng = np.random.default_rng(0)
    runs = [
        a_run(tmp_path / f"{lr}-{seed}", rng.random(400) < accuracy, lr, seed)
        for lr, accuracy in ((0.1, 0.6), (0.2, 0.9))
        for seed in range(3)
    ]
    (verdict,) = compare_runs(runs).verdicts
    assert verdict.startswith("The recipes of 0.2-0, 0.2-1, 0.2-2 are better than 0.1-0, 0.1-1, 0.1-2")
    assert "in 3 seeds together" in verdict


def test_a_seed_more_of_one_recipe_is_another_training_of_it(tmp_path):
    runs = [a_run(tmp_path / f"{seed}", [1] * 10 + [0] * 10, 0.1, seed) for seed in range(3)]
    verdicts = compare_runs(runs).verdicts
    assert [words.partition(":")[0] for words in verdicts[:2]] == [
        f"{seed} and 0 cannot be told apart" for seed in (1, 2)
    ]


def test_several_comparisons_are_held_to_more(tmp_path):
    right = [0] * 7 + [1] * 13
    runs = [a_run(tmp_path / "1", right, 0.1), *(a_run(tmp_path / f"{n}", [1] * 20, n) for n in (2, 3, 4, 5, 6))]
    assert "better" in compare_runs(runs[:2]).verdicts[0]  # p = 2 / 2^7 = 0.016
    of_five = compare_runs(runs).verdicts[0]
    assert "cannot be told apart" in of_five and "of all 5 comparisons together" in of_five


@pytest.mark.slow
def test_a_verdict_says_what_its_interval_says(tmp_path):
    rng = np.random.default_rng(1)
    for number in range(60):
        n, shots = int(rng.integers(4, 60)), int(rng.integers(1, 4))
        right = [np.repeat(rng.random(n) < share, shots) for share in rng.uniform(0.4, 1, 2)]
        runs = [
            a_run(tmp_path / f"{number}-{k}", its, k + 1, plates=np.repeat(range(n), shots))
            for k, its in enumerate(right)
        ]
        verdict = compare_runs(runs).verdicts[0]
        low, high = map(float, verdict.partition("interval ")[2].partition(";")[0].split(" to "))
        assert ("cannot be told apart" in verdict) == (low <= 0 <= high) or 0 in (round(low, 3), round(high, 3))
