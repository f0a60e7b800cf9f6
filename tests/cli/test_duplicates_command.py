"""`kfood data duplicates` finds photos that are there twice, and what is decided about them is followed."""

import shutil

import pytest

from kfood.system.files import read_csv
from support.fake_run import fake_run
from support.html_page import read_page


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Photos are compared by their hashes alone: the network takes seconds."""
    monkeypatch.setattr("kfood.evaluation.embeddings.packaged_weights", lambda name: None)


@pytest.fixture
def photos(make_photos, here):
    root = make_photos(here / "photos", {"김밥": 6, "라면": 6})
    shutil.copy(root / "김밥" / "0000.jpg", root / "라면" / "same.jpg")
    (root / "라면" / "broken.jpg").write_bytes(b"no photo")
    return root


def test_what_is_found_is_counted_and_written(kfood, photos, here):
    answer = kfood("data", "duplicates", photos)
    assert answer.code == 0
    assert "13 photos" in answer.out
    assert "under two labels" in answer.out
    assert "김밥/0000.jpg (김밥" in answer.out
    assert "Left out, cannot be read: 1." in answer.out
    assert {file.name for file in (here / "duplicates").iterdir()} == {
        "duplicates.csv",
        "duplicates.html",
        "fixes.csv",
        "groups.csv",
    }


def test_what_is_decided_is_counted_before_training(kfood, photos, here):
    kfood("data", "duplicates", photos)
    fixes = here / "duplicates" / "fixes.csv"
    twin = read_csv(here / "duplicates" / "duplicates.csv", text=["digest_a"])["digest_a"][0]
    fixes.write_text(f"digest,action,value,path,reason\n{twin},drop,,,both are wrong\n")
    answer = kfood("data", "check", photos, "--set", "data.fixes=duplicates/fixes.csv")
    assert answer.code == 0
    assert f"Fixes by {fixes}: " in answer.out
    assert "2 dropped" in answer.out or "of test only noted" in answer.out
    fixes.write_text(f"digest,action,value\n{twin},drop,\n{twin},relabel,김밥\n")
    answer = kfood("data", "check", photos, "--set", "data.fixes=duplicates/fixes.csv")
    assert answer.code == 2
    assert "line 3: it says relabel 김밥 of the photo of which line 2 says drop" in answer.err


def test_with_a_run_its_photos_are_looked_at_and_its_accuracy_is_told(kfood, here):
    folder = here / "photos"
    run = fake_run(here / "runs" / "mission1" / "one", folder, ["김밥", "라면"], settings=(f"data.root={folder}",))
    test, train = (run.samples.loc[run.samples["split"] == split, "path"].iloc[0] for split in ("test", "train"))
    shutil.copy(train, test)
    answer = kfood("data", "duplicates", "--run", "mission1", "--runs", "runs", "--out", "out")
    assert "20 photos" in answer.out
    assert "Accuracy of mission1/one" in answer.out
    assert "without copies" in answer.out
    shown = read_page(here / "out" / "duplicates.html").text
    assert "What is left of the accuracy of mission1/one" in shown
    assert "seen by mission1/one" in shown
    assert len((here / "out" / "leaks.csv").read_text(encoding="utf-8-sig").splitlines()) == 2


def test_a_run_that_has_seen_no_test_photo(kfood, here):
    folder = here / "photos"
    fake_run(here / "runs" / "mission1" / "one", folder, ["김밥", "라면"], settings=(f"data.root={folder}",))
    assert "Accuracy of mission1/one" in kfood("data", "duplicates", "--run", "mission1", "--runs", "runs").out
    shown = read_page(here / "duplicates" / "duplicates.html").text
    assert "What is left of the accuracy" in shown
    assert "Test photos that were seen" not in shown


def test_no_photos(kfood, here):
    answer = kfood("data", "duplicates", "nowhere")
    assert answer.code == 2
    assert "There is no data folder" in answer.err
    assert not (here / "duplicates").exists()
