"""Eight processes that train into one folder of runs with one cache: each comes to its own end, or is refused."""

import os

import pytest

from kfood.doctor.proof import differences
from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.run.find import all_runs
from kfood.run.folder import DONE, INTERRUPTED, Run
from kfood.training.train import resume, train
from support.killed import Work
from support.small import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="forks")]
REFUSED = 2


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("at once") / "photos", {"갈비찜": 40, "김밥": 40}, pixels=256)


def train_with_seed(photos, runs, seed, folder):
    recipe = load_recipe("mission1", [*SMALL, f"training.seed={seed}"], str(photos))
    refuse_in_words(lambda: train(recipe, runs, folder))


def go_on(folder):
    refuse_in_words(lambda: resume(Run(folder)))


def refuse_in_words(work):
    try:
        work()
    except KfoodError as error:
        print(error)
        os._exit(REFUSED)


def end_all(works: list[Work]) -> list[int]:
    """Start all, wait for all and return their exit codes."""
    processes = [work.start() for work in works]
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def test_eight_trainings_at_once(photos, tmp_path):
    """Four have folders of their own, two of them with the same seed; four want one folder."""
    runs, one = tmp_path / "runs", tmp_path / "runs" / "mission1" / "one"
    seeds, folders = [0, 0, 1, 2, 3, 3, 3, 3], [None] * 4 + [one] * 4
    works = [
        Work(train_with_seed, (photos, runs, seed, folder), tmp_path / "cache", tmp_path / f"{number}.txt")
        for number, (seed, folder) in enumerate(zip(seeds, folders, strict=True))
    ]
    codes = end_all(works)
    assert codes[:4] == [0] * 4
    assert sorted(codes[4:]) == [0] + [REFUSED] * 3, [work.said.read_text() for work in works[4:]]
    for work, code in zip(works[4:], codes[4:], strict=True):
        if code:
            assert str(one) in work.said.read_text().splitlines()[-1]
    made = all_runs(runs)
    assert [run.status for run in made] == [DONE] * 5
    alone = {}
    for seed in set(seeds):
        folder = tmp_path / "alone" / str(seed)
        Work(train_with_seed, (photos, runs, seed, folder), tmp_path / "own", tmp_path / "alone.txt").finish()
        alone[seed] = Run(folder)
    for run in made:
        assert differences(run, alone[run.recipe.training.seed]) == []


def test_one_of_four_goes_on_with_a_run_that_was_killed(photos, tmp_path):
    folder = tmp_path / "runs" / "mission1" / "run"
    work = Work(train_with_seed, (photos, tmp_path / "runs", 0, folder), tmp_path / "cache", tmp_path / "said.txt")
    process = work.start()
    while not any((folder / "checkpoint").glob("*.pt")):
        process.join(0.01)
        assert process.exitcode is None
    process.kill()
    process.join()
    assert Run(folder).status == INTERRUPTED
    works = [Work(go_on, (folder,), tmp_path / "cache", tmp_path / f"{number}.txt") for number in range(4)]
    assert sorted(end_all(works)) == [0] + [REFUSED] * 3
    assert Run(folder).status == DONE
    whole = tmp_path / "whole"
    Work(train_with_seed, (photos, tmp_path / "runs", 0, whole), tmp_path / "cache", tmp_path / "said.txt").finish()
    assert differences(Run(folder), Run(whole)) == []
