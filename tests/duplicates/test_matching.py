"""Which pairs of photos show the same, and of what kind."""

import shutil

import pytest

from kfood.duplicates import matching as duplicates
from kfood.duplicates.matching import find_pairs
from kfood.errors import KfoodError
from kfood.run.folder import Run
from support.textured import changed, save, textured


def test_copies_of_each_kind(samples_of, tmp_path):
    paths = [save(textured(number), tmp_path / f"{number}.jpg", 90) for number in range(5)]
    paths.append(shutil.copy(paths[0], tmp_path / "exact.jpg"))
    paths.append(save(changed(1, "resized"), tmp_path / "resized.jpg"))
    paths.append(save(changed(2, "mirrored"), tmp_path / "mirrored.jpg"))
    found = find_pairs(samples_of(*((path, "김밥", "train") for path in paths))).set_index(["a", "b"])
    assert found.index.tolist() == [(0, 5), (1, 6), (2, 7)]
    assert found["kind"].tolist() == ["exact", "near", "near"]
    assert found["how"].tolist() == ["digest", "phash", "phash"]
    assert found["mirrored"].tolist() == [False, False, True]
    assert found["similarity"].between(0.92, 1).all()


def test_a_photo_that_is_there_often_makes_a_pair_each_with_a_training_photo(samples_of, tmp_path):
    original = save(textured(0), tmp_path / "original.jpg", 90)
    splits = ["test", "valid", "test", "train", "valid", "train"]
    copies = [shutil.copy(original, tmp_path / f"{number}.jpg") for number in range(len(splits))]
    save(changed(0, "resized"), tmp_path / "changed.jpg")
    rows = [(path, "김밥", split) for path, split in zip(copies, splits, strict=True)]
    found = find_pairs(samples_of(*rows, (tmp_path / "changed.jpg", "김밥", "test")))
    exact = found[found["kind"] == "exact"]
    assert exact["a"].tolist() == [3] * 5
    assert sorted(exact["b"]) == [0, 1, 2, 4, 5]
    assert found.loc[found["kind"] == "near", ["a", "b"]].to_numpy().tolist() == [[3, 6]]


def test_without_weights_hashes_do_and_a_run_does_better(samples_of, tmp_path, monkeypatch, caplog):
    samples = samples_of(*((save(textured(n), tmp_path / f"{n}.jpg"), "김밥", "train") for n in range(2)))
    assert find_pairs(samples).empty
    assert "The weights are not installed." in caplog.text
    assert "compared by hashes alone" in caplog.text

    def by_run_alone(samples, run=None):
        if run is None:
            raise KfoodError("The weights are not installed.")
        asked.append(run)

    asked, run = [], Run(tmp_path)
    monkeypatch.setattr(duplicates, "embed", by_run_alone)
    find_pairs(samples, run)
    assert asked == [run]


def test_a_photo_that_cannot_be_read_any_more_is_named(samples_of, tmp_path):
    samples = samples_of(*((save(textured(n), tmp_path / f"{n}.jpg"), "김밥", "train") for n in range(2)))
    (tmp_path / "1.jpg").unlink()
    with pytest.raises(KfoodError, match=r"1\.jpg cannot be read"):
        find_pairs(samples)
