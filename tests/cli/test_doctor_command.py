"""`kfood doctor`: a row for each thing, and an exit code that says whether all is well."""

import errno
import os

import pytest

from kfood.doctor import examine

TOPICS = ["Python", "packages", "device", "memory", "Hangul font", "runs", "cache", "photos"]


@pytest.fixture
def proof(monkeypatch):
    """Return a function that says what the proof finds, in place of a minute of training."""
    monkeypatch.setattr(examine, "make_demo", lambda folder, *_: folder)
    return lambda found: monkeypatch.setattr(examine, "prove_resume", lambda *_: found)


def rows(out: str) -> dict[str, str]:
    return {line[:18].strip(): line[19:] for line in out.splitlines()}


def test_quick_shows_everything_but_the_proof(kfood, monkeypatch):
    monkeypatch.setattr(examine, "prove_resume", lambda *_: pytest.fail("it trained"))
    code, out, err = kfood("doctor", "--quick")
    assert (code, err) == (0, "")
    shown = rows(out)
    assert [topic for topic in TOPICS if topic not in shown] == []
    assert shown["runs"].startswith(os.environ["KFOOD_RUNS"])
    assert shown["cache"].startswith(os.environ["KFOOD_CACHE"])
    assert shown["Hangul font"] == "NanumGothic - ok"
    assert "fastai 2." in shown["packages"]


def test_an_exact_resume_is_well(kfood, proof):
    proof([])
    code, out, _ = kfood("doctor")
    assert code == 0
    assert rows(out)["resume, 0 workers"].endswith("bit for bit - ok")


def test_a_resume_that_is_not_exact_ends_with_2(kfood, proof, monkeypatch):
    proof(["history.csv"])
    monkeypatch.setattr(examine, "device", lambda: __import__("torch").device("cpu"))
    code, out, err = kfood("doctor")
    assert code == 2
    assert "not exact: history.csv differ - look here: a training that was killed" in rows(out)["resume, 0 workers"]
    assert err.startswith("Error: kfood will not work here as it should: resume, 0 workers: ")
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_written_ends_with_2_after_all_was_looked_at(kfood, monkeypatch):
    def refused(dir):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(dir))

    monkeypatch.setattr("kfood.system.disk.tempfile.TemporaryFile", refused)
    code, out, err = kfood("doctor", "--quick")
    assert code == 2
    assert "photos" in rows(out)
    assert "runs: " in err and "cannot be written: the disk can only be read." in err
    assert "KFOOD_CACHE" in err


def test_photos_of_the_users(kfood, make_photos, here):
    photos = make_photos(here / "mine", {"갈비찜": 3, "김밥": 4})
    assert rows(kfood("doctor", "--quick", "--data", "mine").out)["photos"].startswith(f"7 of 2 classes in {photos}")
    gone = kfood("doctor", "--quick", "--data", "gone")
    assert gone.code == 2
    assert f"photos: There is no data folder {here}/gone." in gone.err
