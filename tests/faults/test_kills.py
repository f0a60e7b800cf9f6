"""Processes killed at random moments: what they leave is whole, and the work ends as if nothing had been."""

import os
import random
import shutil

import pytest
from PIL import Image

from kfood.data.layouts import read_layout
from kfood.data.pixel_cache import cached_pixels
from kfood.data.pixels import PixelCache
from kfood.data.preprocess import Preprocess
from kfood.doctor.proof import differences
from kfood.interpretation.interpret import interpret_run
from kfood.interpretation.section import Request
from kfood.recipes.load import load_recipe
from kfood.reporting.page import write_report
from kfood.run.find import all_runs
from kfood.run.folder import DONE, INTERRUPTED, Run
from kfood.training.train import resume, train
from support.album import all_right, with_digests
from support.killed import Work
from support.soak import cases

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]
SETTINGS = (
    "model.arch=test_resnet",
    "model.head=dropout_bn",
    "data.size=32",
    "data.presize=1.25",
    "augment.transforms=random_crop,horizontal_flip",
    "schedule.name=cosine",
    "training.epochs=4",
    "training.batch_size=8",
    "training.workers=0",
    "training.early_stopping=0",
    "training.checkpoint_minutes=0.001",
)
KILLS = cases(5, 200)
KILLS_A_TRAINING = 5
SHRINK = Preprocess(128, "squish", "none")


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("kills") / "photos", {"갈비찜": 40, "김밥": 40})


def train_on(photos, runs):
    """As a person would: go on with what there is, else begin."""
    begun = all_runs(runs)
    if not begun:
        train(load_recipe("mission1", SETTINGS, str(photos)), runs)
    elif begun[-1].status == INTERRUPTED:
        resume(begun[-1])


def look_at(folder):
    run = Run(folder)
    sections = {run.name: interpret_run(run, ["confusion", "per-class", "top-losses"], Request())}
    write_report([run], sections, run.folder / "report.html", "test")


def fill_cache(samples):
    cached_pixels(samples, SHRINK)


@pytest.fixture(scope="module")
def undisturbed(photos, tmp_path_factory):
    """The run that was not killed, and how long it took."""
    place = tmp_path_factory.mktemp("undisturbed")
    seconds = Work(train_on, (photos, place / "runs"), place / "cache", place / "said.txt").seconds()
    (run,) = all_runs(place / "runs")
    return run, seconds


def test_a_training_ends_bit_for_bit_as_one_that_was_not_killed(photos, undisturbed, tmp_path):
    whole, seconds = undisturbed
    rng, killed, trainings = random.Random(0), 0, 0
    while killed < KILLS:
        place = tmp_path / str(trainings)
        place.mkdir()
        work = Work(train_on, (photos, place / "runs"), place / "cache", place / "said.txt")
        killed += work.kill_until_done(rng, seconds, min(KILLS_A_TRAINING, KILLS - killed))
        trainings += 1
        (run,) = all_runs(place / "runs")
        assert run.status == DONE
        assert differences(whole, run) == [], place / "said.txt"
        assert not list(place.rglob("*.partial"))
    print(f"{killed} kills, {trainings} trainings: all alike")


def test_a_cache_is_right_whenever_its_filling_was_killed(make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 60, "김밥": 60}, pixels=512)
    samples = with_digests(read_layout(photos).samples.assign(area=""))
    rng, killed = random.Random(1), 0
    seconds = Work(fill_cache, (samples,), tmp_path / "whole", tmp_path / "said.txt").seconds()
    while killed < KILLS:
        cache = tmp_path / f"cache{killed}"
        work = Work(fill_cache, (samples,), cache, tmp_path / "said.txt")
        killed += max(1, work.kill_until_done(rng, seconds, min(KILLS_A_TRAINING, KILLS - killed)))
        (kept,) = (cache / "pixels").iterdir()
        assert not list(kept.glob("partial-*"))
        assert all_right(PixelCache(kept), samples, SHRINK)


def test_a_report_is_whole_or_not_there_whenever_it_was_killed(undisturbed, tmp_path):
    run = Run(shutil.copytree(undisturbed[0].folder, tmp_path / "mission1" / "run"))
    before = {path: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
    page = run.folder / "report.html"
    work = Work(look_at, (run.folder,), tmp_path / "cache", tmp_path / "said.txt")
    seconds, rng = work.seconds(), random.Random(2)
    whole = page.read_text()
    for _ in range(KILLS):
        page.unlink(missing_ok=True)
        work.kill_once(rng, seconds)
        assert not page.exists() or page.read_text() == whole
        for picture in run.figures.glob("*.png"):
            Image.open(picture).load()
    work.finish()
    assert page.read_text() == whole
    assert all(path.read_bytes() == content for path, content in before.items())
