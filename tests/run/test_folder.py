"""Runs are found by folder, name or recipe, and never written over."""

import os

import pytest

import kfood.run.folder
from kfood.errors import KfoodError, RecipeError
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Recipe
from kfood.run.find import all_runs, find_run, find_unfinished
from kfood.run.folder import DONE, FAILED, INTERRUPTED, Run, create_run, new_folder


def a_run(runs, recipe="mission1", name="20260101-000000-aaaa", status=DONE) -> Run:
    run = create_run(Recipe(name=recipe), {}, runs / recipe / name)
    run.status_file.write_text(status)
    return run


def test_latest_finished_run(tmp_path):
    a_run(tmp_path, "mission1", "20260101-000000-aaaa")
    latest = a_run(tmp_path, "mission1", "20260102-000000-aaaa")
    a_run(tmp_path, "mission1", "20260103-000000-aaaa", FAILED)
    a_run(tmp_path, "pair", "20260101-120000-aaaa")
    assert find_run(None, tmp_path).folder == latest.folder
    assert find_run("mission1", tmp_path).folder == latest.folder
    assert find_run("pair", tmp_path).folder.parent.name == "pair"


def test_a_run_by_folder_and_by_name(tmp_path):
    run = a_run(tmp_path)
    for name in (str(run.folder), run.name, run.folder.name):
        assert find_run(name, tmp_path).folder.resolve() == run.folder.resolve()


@pytest.mark.parametrize(("here", "named"), [(".", "20260101-000000-aaaa"), ("20260101-000000-aaaa", "."), ("..", "")])
def test_a_run_has_one_name_however_its_folder_is_named(tmp_path, monkeypatch, here, named):
    run = a_run(tmp_path / "runs")
    monkeypatch.chdir(run.folder.parent / here)
    found = Run(named or f"mission1/{run.folder.name}")
    assert (found.name, found.runs) == (run.name, tmp_path / "runs")
    assert found.name == f"mission1/{run.folder.name}"


def test_an_unknown_name_names_the_nearest(tmp_path):
    a_run(tmp_path)
    with pytest.raises(KfoodError, match='no finished run "mision1".*Did you mean "mission1"'):
        find_run("mision1", tmp_path)


def test_no_run_yet(tmp_path):
    with pytest.raises(KfoodError, match="no finished run in .* yet. Train one first: kfood train"):
        find_run(None, tmp_path)


def test_an_unfinished_run_by_path(tmp_path):
    run = a_run(tmp_path, status=FAILED)
    with pytest.raises(KfoodError, match="is failed, not done"):
        find_run(str(run.folder), tmp_path)


def test_a_run_is_never_written_over(tmp_path):
    run = a_run(tmp_path)
    before = run.recipe_file.read_text()
    with pytest.raises(KfoodError, match="already holds a run"):
        create_run(Recipe(name="other"), {}, run.folder)
    assert run.recipe_file.read_text() == before


def test_runs_are_listed_by_time(tmp_path):
    late = a_run(tmp_path, "a", "20260201-000000-aaaa")
    early = a_run(tmp_path, "b", "20260101-000000-aaaa")
    assert [run.name for run in all_runs(tmp_path)] == [early.name, late.name]


def test_two_runs_in_one_second_have_folders_of_their_own(tmp_path):
    assert len({new_folder(tmp_path, "mission1") for _ in range(50)}) > 45


def test_the_resolved_recipe_comes_back_as_it_was(tmp_path):
    recipe = Recipe.model_validate(
        {
            "name": "x",
            "loss": {"class_weights": {"갈비찜": 2}},
            "data": {"classes": ["갈비찜", "김밥"], "group": "(a)b"},
        }
    )
    assert create_run(recipe, {}, tmp_path / "x" / "1").recipe == recipe


def test_of_two_runs_begun_in_the_same_second_the_younger_is_the_latest(tmp_path):
    names = ["20261123-173122-771a", "20261123-173122-176e"]
    for number, name in enumerate(names):
        os.utime(a_run(tmp_path, name=name).recipe_file, ns=(number, number))
    assert [run.folder.name for run in all_runs(tmp_path)] == names


def test_a_run_is_as_old_as_its_name_says_though_the_clock_went_back(tmp_path):
    before = a_run(tmp_path, name="20260102-000000-aaaa")
    after = a_run(tmp_path, name="20260101-000000-bbbb")  # begun later, by a clock that was set back
    os.utime(before.recipe_file, ns=(0, 0))
    assert find_run(None, tmp_path).folder == before.folder
    assert find_run(after.folder.name, tmp_path).folder == after.folder


def test_a_run_that_a_person_named_is_as_old_as_it_is(tmp_path):
    """By its name it would be the latest for ever: letters come after digits."""
    mine = a_run(tmp_path, name="mine")
    assert mine.environment["started"][:2] == "20"
    later = a_run(tmp_path, name="29990101-000000-aaaa")
    earlier = a_run(tmp_path, name="20250101-000000-aaaa")
    assert [run.folder.name for run in all_runs(tmp_path)] == ["20250101-000000-aaaa", "mine", later.folder.name]
    assert find_run(None, tmp_path).folder == later.folder
    mine.environment_file.write_text("{}", encoding="utf-8")  # a run of version 0.1 has no time but its file's
    os.utime(mine.recipe_file, (10**8, 10**8))
    assert [run.folder.name for run in all_runs(tmp_path)] == ["mine", earlier.folder.name, later.folder.name]


def test_why_a_run_failed(tmp_path):
    assert (
        a_run(tmp_path, name="1", status="failed: a.csv cannot be written.\nmore").why_failed
        == "a.csv cannot be written."
    )
    assert a_run(tmp_path, name="2").why_failed == ""


def test_a_second_killed_loading_process_does_not_hide_why_a_run_failed(tmp_path, monkeypatch):
    run = create_run(Recipe(name="mission1"), {"device": "cpu"}, tmp_path / "mission1" / "run")
    write, deaths = kfood.run.folder.write_text, [1, 2]

    def meets_signals(path, text):
        if text.startswith(FAILED) and deaths:
            raise RuntimeError(f"DataLoader worker (pid {deaths.pop()}) is killed by signal: Killed.")
        write(path, text)

    monkeypatch.setattr(kfood.run.folder, "write_text", meets_signals)
    with pytest.raises(KfoodError, match="the first"), run.recording():
        raise KfoodError("the first")
    assert (run.status, deaths) == (FAILED, [])


def test_a_run_that_was_killed_as_soon_as_it_had_a_recipe_is_interrupted(tmp_path):
    run = create_run(Recipe(name="mission1"), {"device": "cpu"}, tmp_path / "mission1" / "run")
    assert not run.status_file.exists()
    assert run.status == INTERRUPTED
    assert find_unfinished("mission1", tmp_path).folder == run.folder


def test_a_folder_without_all_that_a_run_needs_is_no_run(tmp_path, monkeypatch):
    """A process killed while it makes the folder leaves no recipe, by which runs are found."""

    def killed(path, _):
        raise KeyboardInterrupt

    monkeypatch.setattr("kfood.run.folder.write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        create_run(Recipe(name="mission1"), {}, tmp_path / "mission1" / "run")
    assert all_runs(tmp_path) == []


def test_a_recipe_that_was_trained_is_read_though_it_would_be_refused_today(tmp_path):
    allowed = {"name": "r", "schedule": {"name": "cosine", "min_lr": 1e-4}, "optimizer": {"lr": 1e-3}}
    run = create_run(Recipe.model_validate(allowed), {}, tmp_path / "run")
    rising = run.recipe_file.read_text(encoding="utf-8").replace("lr = 0.001", "lr = 1e-6")
    run.recipe_file.write_text(rising, encoding="utf-8")
    run.checksums.file.unlink(missing_ok=True)
    assert Run(run.folder).recipe.optimizer.lr == 1e-6
    with pytest.raises(RecipeError, match="the cosine would rise"):
        load_recipe(str(run.recipe_file))
