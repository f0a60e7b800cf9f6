"""Where the page's engine comes from, and what is said where it cannot be had."""

from __future__ import annotations

import subprocess
import tarfile

import pytest

from kfood.errors import MachineError
from kfood.exporting.onnxruntime_web import FILES, put_onnxruntime_web


def package(folder, names=FILES):
    dist = folder / "dist"
    dist.mkdir(parents=True)
    for name in [*names, "ort.js"]:
        (dist / name).write_text(name)
    return folder


def packed(folder, archive):
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, "package")
    return archive


def put(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("within", ["", "dist", "package", "node_modules/onnxruntime-web"])
def test_from_a_folder_wherever_the_files_stand_in_it(tmp_path, within):
    made = package(tmp_path / "source" / ("" if within == "dist" else within))
    source = made / "dist" if within == "dist" else tmp_path / "source"
    put_onnxruntime_web(tmp_path / "page" / "onnxruntime", source)
    assert put(tmp_path / "page" / "onnxruntime") == {name: name for name in FILES}


def test_from_an_archive_of_npm(tmp_path):
    put_onnxruntime_web(tmp_path / "here", packed(package(tmp_path / "source"), tmp_path / "onnxruntime-web-1.tgz"))
    assert put(tmp_path / "here") == {name: name for name in FILES}


def test_from_npm(tmp_path, monkeypatch):
    def npm(command, cwd, **options):
        assert command[1:3] == ["pack", "onnxruntime-web@1"]
        packed(package(tmp_path / "source"), cwd / "onnxruntime-web-1.tgz")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("subprocess.run", npm)
    put_onnxruntime_web(tmp_path / "here")
    assert set(put(tmp_path / "here")) == set(FILES)


def test_what_cannot_be_had_is_one_sentence_that_says_how(tmp_path, monkeypatch):
    (tmp_path / "no archive.tgz").write_bytes(b"no archive")
    without = package(tmp_path / "without", FILES[:2])
    cases = [
        (tmp_path / "nowhere", "There is no"),
        (tmp_path / "no archive.tgz", "cannot be read as an archive"),
        (without, f"has no {FILES[2]}"),
    ]
    for source, words in cases:
        with pytest.raises(MachineError, match=words) as error:
            put_onnxruntime_web(tmp_path / "here", source)
        assert "npm pack onnxruntime-web" in str(error.value) and "--onnxruntime-web FILE" in str(error.value)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MachineError, match="there is no npm to fetch it: run `npm pack"):
        put_onnxruntime_web(tmp_path / "here")
    failed = subprocess.CompletedProcess([], 1, "", "npm error\nnpm error network is down")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("subprocess.run", lambda *arguments, **options: failed)
    with pytest.raises(MachineError, match=r"npm could not fetch onnxruntime-web \(npm error network is down\)"):
        put_onnxruntime_web(tmp_path / "here")
