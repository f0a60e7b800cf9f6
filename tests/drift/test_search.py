"""New photos beside those of a trained run: alike, or not, and in what."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.drift.compare import Side, compare
from kfood.drift.facts import FACTS, facts_of_pixels
from kfood.drift.files import facts_view, write_drift
from kfood.drift.search import LEAST, find_drift
from kfood.drift.sentences import sentences
from kfood.drift.unlike import unlikeness
from kfood.errors import DataError, KfoodError
from kfood.run.folder import Run
from kfood.system.files import write_csv


def _side(rng: np.random.Generator, n: int, name: str, shift: float = 0.0) -> Side:
    features = rng.normal(size=(n, 8)) + 1
    features[:, 0] += shift
    samples = pd.DataFrame({"path": [f"{name}/{number}.jpg" for number in range(n)], "group": "each"})
    facts = pd.DataFrame(rng.random((n, len(FACTS))), columns=list(FACTS))
    facts["brightness"] -= shift
    return Side(samples, features, (features[:, 0] > 1).astype(int), facts)


def test_what_differs_is_named_and_what_does_not_is_not():
    rng = np.random.default_rng(0)
    same = compare(_side(rng, 80, "a"), _side(rng, 50, "b"), ["라면", "김밥"])
    other = compare(_side(rng, 80, "a"), _side(rng, 50, "b", shift=1.0), ["라면", "김밥"])
    assert same.p > 0.05
    assert (same.classes["p"] > 0.05).all() and (same.facts["p"] > 0.05).all()
    assert other.p < 0.01
    assert other.facts["fact"][0].startswith("brightness") and other.facts["p"][0] < 0.001
    assert other.facts["higher"][0] < 0.2
    assert (other.facts["p"][1:] > 0.05).all()
    gim = other.classes.set_index("class").loc["김밥"]
    assert gim["new"] > gim["before_high"] and gim["p"] < 0.05


def test_the_most_unlike_photo_is_the_one_that_is_far_from_all():
    rng = np.random.default_rng(1)
    known = rng.normal(size=(60, 8)) * 0.1 + np.eye(8)[0]
    new = np.concatenate([known[:5] + 0.001, -np.eye(8)[:1]])
    share, nearest = unlikeness(new, known)
    assert share.argmin() == 5 and share[5] == pytest.approx(1 / 61)
    assert nearest[:5].tolist() == [0, 1, 2, 3, 4]


def test_plain_facts_say_what_was_done_to_a_photo():
    rng = np.random.default_rng(2)
    photo = rng.integers(60, 200, (64, 64, 3)).astype(np.uint8)
    names = list(FACTS)[3:]
    plain = dict(zip(names, facts_of_pixels(photo), strict=True))
    dark = dict(zip(names, facts_of_pixels((photo * 0.5).astype(np.uint8)), strict=True))
    smooth = np.asarray(Image.fromarray(photo).resize((8, 8)).resize((64, 64)))
    blurred = dict(zip(names, facts_of_pixels(smooth), strict=True))
    red = dict(zip(names, facts_of_pixels(photo * np.array([1, 0, 0], np.uint8)), strict=True))
    assert dark["brightness"] == pytest.approx(plain["brightness"] / 2, abs=0.01)
    assert blurred["sharpness"] < plain["sharpness"] / 4
    assert red["warmth"] > 0.3 > abs(plain["warmth"])
    assert red["colourfulness"] > plain["colourfulness"]


@pytest.fixture
def run(two_runs, tmp_path) -> Run:
    return Run(shutil.copytree(two_runs.main.folder, tmp_path / "run"))


def _new_photos(run: Run, folder: Path, change=lambda photo: photo, shots: int = 1) -> Path:
    """Photos of the run's own kind: its colours with other noise."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    paths = list(run.samples.groupby("label")["path"].first())
    for number in range(36):
        pixels = np.asarray(Image.open(paths[number % len(paths)]).convert("RGB")).mean(axis=(0, 1))
        for shot in range(shots):
            photo = np.clip(pixels + rng.normal(0, 30, (48, 48, 3)), 0, 255).astype(np.uint8)
            change(Image.fromarray(photo)).save(folder / f"1_2_3_{number}_{shot}.png")
    return folder


@pytest.mark.slow
def test_dark_photos_are_told_and_all_that_is_found_is_written(run, tmp_path):
    folder = _new_photos(run, tmp_path / "new", lambda photo: photo.point(lambda value: value // 3), shots=2)
    found = find_drift(run, folder)
    assert (found.new, found.photos) == (36, 72)  # of each plate one
    assert found.difference.p < 0.05
    said = " ".join(sentences(found))
    assert "They differ" in said and "brightness" in said
    assert found.powers["power"].between(0, 1).all() and len(found.powers) == 4
    files = write_drift(found, tmp_path / "out")
    assert [file.name for file in files][:2] == ["drift.html", "drift.json"] and all(file.is_file() for file in files)
    assert json.loads(files[1].read_text(encoding="utf-8"))["p"] == found.difference.p
    assert len(pd.read_csv(tmp_path / "out" / "photos.csv", encoding="utf-8-sig")) == 36
    page = files[0].read_text(encoding="utf-8")
    assert page.count("data:image/webp") > 36 and "brightness" in page


@pytest.mark.slow
def test_every_fact_has_the_digits_that_its_own_unit_needs():
    """Pixels in thousands beside brightness below 1: with the decimals of the one, the other could not be told."""
    facts = pd.DataFrame({"fact": ["edge", "contrast"], "before": [3024.0, 0.2294], "new": [640.0, 0.1331]})
    view = facts_view(facts)
    assert [row[1:] for row in view.rows] == [["3024", "640"], ["0.229", "0.133"]]
    assert view.numeric == [False, True, True]


def test_photos_of_the_run_itself_are_left_out(run, tmp_path):
    folder = _new_photos(run, tmp_path / "new")
    for path in run.samples["path"][:7]:
        shutil.copy(path, folder)
    found = find_drift(run, folder)
    assert (found.known, found.new) == (7, 36)


def test_what_cannot_be_compared_is_told_in_a_sentence(run, tmp_path):
    empty, few, own = (tmp_path / name for name in ("empty", "few", "own"))
    for folder in (empty, few, own):
        folder.mkdir()
    shutil.copy(run.samples["path"][0], own)
    Image.new("RGB", (20, 20)).save(few / "one.png")
    for folder, words in (
        (tmp_path / "none", "There is no folder"),
        (empty, "There is no photo in"),
        (own, "All 1 photos in"),
        (few, f"of 1 different plates: to compare them, {LEAST} or more"),
    ):
        with pytest.raises(DataError, match=words):
            find_drift(run, folder)
    samples = run.samples
    write_csv(run.samples_file, samples[samples["split"] != "test"])
    run.checksums.add(run.samples_file)
    with pytest.raises(KfoodError, match="has no test photos: only with photos that it did not learn from"):
        find_drift(Run(run.folder), few)
    gone = samples.assign(path=samples["path"].where(samples["split"] != "test", "gone.jpg"))
    write_csv(run.samples_file, gone)
    run.checksums.add(run.samples_file)
    with pytest.raises(KfoodError, match="are not where they were, such as gone.jpg"):
        find_drift(Run(run.folder), few)
