"""Results beside those of the test set as it is given: without photos that another split has, too."""

import pytest

from kfood.reporting.results import result_rows
from kfood.run.tables import results
from kfood.system.files import write_json
from kfood.training.results import split_metrics
from support.fake_run import fake_run


@pytest.fixture
def run(tmp_path):
    return fake_run(tmp_path / "mission1" / "1", tmp_path / "photos", {"갈비찜": 20, "김밥": 20}, draw=False)


def test_a_test_set_of_its_own_has_one_result(run):
    assert set(split_metrics(run.predictions, run.samples)) == {"valid", "test"}


@pytest.mark.parametrize("other", ["train", "valid"])
def test_photos_that_another_split_has_are_left_out_of_a_second_result(run, other):
    samples = run.samples.assign(digest=[f"{number}" for number in range(len(run.samples))])
    test, seen = (samples.index[samples["split"] == split] for split in ("test", other))
    samples.loc[test[:3], "digest"] = samples.loc[seen[:3], "digest"].to_numpy()
    found = split_metrics(run.predictions, samples)
    assert found["test"]["n"] == len(test)
    predicted = run.predictions.set_index("path")
    left = predicted.loc[samples.loc[test[3:], "path"]]
    assert found["test_without_copies"]["n"] == len(test) - 3
    assert found["test_without_copies"]["correct"] == (left["label"] == left["predicted"]).sum()
    write_json(run.metrics_file, run.metrics | found)
    run.__dict__.pop("metrics", None)
    run.checksums.add(run.metrics_file)
    assert results(run)["split"].tolist() == ["valid", "test", "test, without copies of other splits"]
    (page,) = result_rows([run], "test")
    of = found["test_without_copies"]
    assert f"{of['correct']} of {of['n']} photos right" in page.without_copies
    assert page.after_fixes == ""
