"""Test photos that a training has seen, by itself or in the training that it started from."""

import json
import shutil
from pathlib import Path

import pytest

from kfood.duplicates.leaks import leaks
from kfood.errors import KfoodError
from kfood.run.find import trainings
from kfood.run.folder import Run
from kfood.statistics.intervals import wilson
from kfood.system.files import write_csv
from support.fake_run import fake_run
from support.textured import changed, save, textured

DISHES = {"김밥": 10, "라면": 10}


def a_run(tmp_path, name, first=0, started_from=None):
    """A run whose photos are drawn again with forms in them; the first photo has the number `first`."""
    photos = tmp_path / name.partition("/")[0]
    run = fake_run(tmp_path / "runs" / name, photos, DISHES, settings=(f"data.root={photos}",))
    for number, path in enumerate(run.samples["path"]):
        save(textured(first + number), Path(path), 90)
    if started_from:
        environment = {**run.environment, "started_from": str(started_from.folder)}
        run.environment_file.write_text(json.dumps(environment), encoding="utf-8")
        run.checksums.add(run.environment_file)
    return Run(run.folder)


def numbers(run, split):
    """The numbers of the run's photos in a split."""
    return run.samples.index[run.samples["split"] == split].tolist()


def photo(run, number):
    return Path(run.samples["path"][number])


def test_a_run_without_copies_has_none(tmp_path):
    run = a_run(tmp_path, "mission1/one")
    found = leaks(run)
    assert found.table.empty
    accuracy = found.accuracy.set_index("photos")
    assert accuracy["n"].tolist() == [6, 6, 6, 0]
    assert accuracy["accuracy"].isna().tolist() == [False, False, False, True]


def test_copies_of_training_and_validation_photos_are_leaks(tmp_path):
    run = a_run(tmp_path, "mission1/one")
    (train, *_), (valid, *_), test = (numbers(run, split) for split in ("train", "valid", "test"))
    shutil.copy(photo(run, train), photo(run, test[0]))
    save(changed(valid, "mirrored"), photo(run, test[1]))
    found = leaks(run)
    table = found.table.set_index("path")
    exact, near = table.loc[str(photo(run, test[0]))], table.loc[str(photo(run, test[1]))]
    assert (exact["kind"], exact["seen_split"], exact["seen_path"]) == ("exact", "train", str(photo(run, train)))
    assert (near["kind"], near["seen_split"], near["seen_path"]) == ("near", "valid", str(photo(run, valid)))
    assert set(table["seen_by"]) == {"mission1/one"}
    judged = run.predictions[run.predictions["split"] == "test"].set_index("path")
    right = (judged["label"] == judged["predicted"]).to_dict()
    assert table["right"].to_dict() == {path: right[path] for path in table.index}
    clean = [path for path in right if path not in table.index]
    row = found.accuracy.set_index("photos").loc["without copies"]
    correct = sum(right[path] for path in clean)
    assert (row["n"], row["correct"]) == (4, correct)
    assert (row["low"], row["high"]) == wilson(correct, 4)


def test_the_training_that_it_started_from_has_seen_photos_too(tmp_path):
    before = a_run(tmp_path, "mission2/first", first=100)
    run = a_run(tmp_path, "mission3/second", started_from=before)
    of_before, of_test, *_ = (photo(before, numbers(before, "train")[3]), photo(run, numbers(run, "test")[0]))
    save(changed(100 + numbers(before, "train")[3], "resized"), of_test)
    shutil.copy(photo(before, numbers(before, "test")[0]), photo(run, numbers(run, "test")[1]))  # it was not seen
    table = leaks(run).table
    assert table[["path", "seen_path", "seen_by"]].to_numpy().tolist() == [
        [str(of_test), str(of_before), "mission2/first"]
    ]


def test_every_copy_of_a_test_photo_is_one(tmp_path):
    run = a_run(tmp_path, "mission1/one")
    train, test = numbers(run, "train")[0], numbers(run, "test")
    save(changed(train, "resized"), photo(run, test[0]))
    shutil.copy(photo(run, test[0]), photo(run, test[3]))
    table = leaks(run).table
    assert set(table["path"]) == {str(photo(run, test[0])), str(photo(run, test[3]))}
    assert set(table["seen_path"]) == {str(photo(run, train))}


def test_trainings_that_are_gone_or_go_in_a_circle(tmp_path, caplog):
    before = a_run(tmp_path, "mission2/first")
    run = a_run(tmp_path, "mission3/second", started_from=before)
    assert [each.name for each in trainings(run)] == ["mission3/second", "mission2/first"]
    before.environment_file.write_text(json.dumps({"started_from": str(run.folder)}), encoding="utf-8")
    before.checksums.add(before.environment_file)
    assert len(trainings(Run(run.folder))) == 2
    shutil.rmtree(before.folder)
    assert len(trainings(Run(run.folder))) == 1
    assert "which is gone" in caplog.text


def test_no_test_photos_or_none_left_is_said(tmp_path):
    run = a_run(tmp_path, "mission1/one")
    shutil.rmtree(tmp_path / "mission1")
    with pytest.raises(KfoodError, match="None of the test photos"):
        leaks(run)
    write_csv(run.predictions_file, run.predictions[run.predictions["split"] == "valid"])
    run.checksums.add(run.predictions_file)
    with pytest.raises(KfoodError, match="has no test photos"):
        leaks(Run(run.folder))
