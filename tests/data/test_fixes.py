"""Decisions about single photos: what is applied, what is only noted, and what is refused."""

import csv
import re
import shutil
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from kfood.data.fixes import fixed_labels, join_groups
from kfood.data.fixes_file import read_fixes
from kfood.data.prepare import prepare_samples
from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Data
from kfood.reporting.results import result_rows
from kfood.run.folder import Run
from kfood.run.tables import results
from kfood.system.files import content_digest, write_csv
from kfood.training.train import photos_of_run, train
from support.small import SMALL

COUNTS = {"갈비찜": 12, "김밥": 12, "돼지갈비찜": 12}
DIGEST = "0123456789abcdef" * 2


@pytest.fixture
def photos(make_photos, tmp_path):
    return make_photos(tmp_path / "photos", COUNTS)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "fixes.csv"


def prepare(root, **data):
    return prepare_samples(Data(root=str(root), **data))


def paths_in(samples, split, label="갈비찜"):
    return samples.loc[(samples["split"] == split) & (samples["label"] == label), "path"].tolist()


def decide(file: Path, *decisions: tuple[str, str, str]) -> Path:
    """Write decisions: (path, action, value)."""
    rows = [(content_digest(Path(path).read_bytes()), *rest, path, "wrong") for path, *rest in decisions]
    write_csv(file, pd.DataFrame(rows, columns=["digest", "action", "value", "path", "reason"]))
    return file


def test_photos_are_dropped_and_relabelled_in_the_split_that_they_have_without(photos, file):
    before = prepare(photos).samples
    train, valid = paths_in(before, "train"), paths_in(before, "valid")
    decide(file, (train[0], "drop", ""), (train[1], "relabel", "돼지갈비찜"), (valid[0], "relabel", "김밥"))
    prepared = prepare(photos, fixes=str(file))
    after = prepared.samples.set_index("path")
    assert train[0] not in after.index
    assert after.loc[train[1], ["label", "split"]].tolist() == ["돼지갈비찜", "train"]
    assert after.loc[valid[0], ["label", "split"]].tolist() == ["김밥", "valid"]
    rest = before[~before["path"].isin([train[0], train[1], valid[0]])].set_index("path")
    assert after.loc[rest.index, list(rest)].equals(rest)
    assert prepared.left_out[["path", "fault"]].values.tolist() == [[train[0], "dropped by line 2 of the fixes: wrong"]]
    assert "1 dropped, 2 relabelled, 0 grouped, 0 of test only noted" in prepared.layout


def test_a_test_photo_keeps_its_label_and_what_was_decided_is_noted(photos, file):
    before = prepare(photos).samples
    first, second = paths_in(before, "test")[:2]
    decide(file, (first, "drop", ""), (second, "relabel", "김밥"))
    after = prepare(photos, fixes=str(file)).samples
    assert after.drop(columns="fix").equals(before)
    assert fixed_labels(after).to_dict() == {first: "", second: "김밥"}
    assert fixed_labels(before).empty


def test_a_decision_holds_after_the_photo_is_renamed(photos, file):
    path = Path(paths_in(prepare(photos).samples, "train")[0])
    decide(file, (path, "relabel", "김밥"))
    path.rename(path.with_name("0000-renamed.jpg"))
    after = prepare(photos, fixes=str(file)).samples.set_index("path")
    assert after.loc[str(path.with_name("0000-renamed.jpg")), "label"] == "김밥"


def test_photos_to_be_kept_together_come_into_one_split(photos, file):
    before = prepare(photos).samples
    apart = [paths_in(before, split)[0] for split in ("train", "valid", "test")]
    decide(file, *[(path, "group", "one plate") for path in apart])
    after = prepare(photos, fixes=str(file)).samples.set_index("path")
    assert after.loc[apart, "group"].unique().tolist() == ["one plate"]
    assert after.loc[apart, "split"].nunique() == 1


def test_groups_that_share_a_photo_become_one_and_none_is_divided():
    samples = pd.DataFrame({"digest": list("abcde"), "group": ["1", "1", "2", "3", "4"]})
    fixes = pd.DataFrame(
        [("a", "x"), ("c", "x"), ("b", "y"), ("d", "y")], columns=["digest", "value"], index=range(4)
    ).assign(action="group")
    assert join_groups(samples, fixes)["group"].tolist() == ["x", "x", "x", "x", "4"]


def test_a_photo_comes_into_a_pair_of_classes_by_its_fixed_label(photos, file):
    other = paths_in(prepare(photos).samples, "train", "김밥")[0]
    own = paths_in(prepare(photos).samples, "train")[0]
    decide(file, (other, "relabel", "갈비찜"), (own, "relabel", "김밥"))
    pair = prepare(photos, classes=("갈비찜", "돼지갈비찜"), fixes=str(file)).samples
    assert other in paths_in(pair, "train")
    assert own not in set(pair["path"])


def test_photos_that_are_gone_are_named_and_the_rest_is_done(photos, file, caplog):
    gone, there = (paths_in(prepare(photos).samples, "train", name)[0] for name in ("갈비찜", "김밥"))
    decide(file, (gone, "drop", ""), (there, "drop", ""))
    Path(gone).unlink()
    caplog.set_level("INFO", "kfood")
    after = prepare(photos, fixes=str(file)).samples
    assert f"{file}: 1 of 2 lines are about photos that are not here or cannot be read" in caplog.text
    assert f"passed over: line 2 ({gone})." in caplog.text
    assert there not in set(after["path"])


def test_many_photos_that_are_gone_are_told_in_one_line(photos, file, caplog):
    lines = [f"{number:032x},relabel,no class here" for number in range(9)]
    file.write_text("\n".join(["digest,action,value", *lines]))
    prepare(photos, fixes=str(file))
    (said,) = (record.getMessage() for record in caplog.records if "passed over" in record.getMessage())
    assert said.endswith("line 2, line 3, line 4, line 5, line 6 and 4 more.")


def test_a_photo_under_two_labels_is_counted_where_its_label_changes(photos, file):
    train = paths_in(prepare(photos).samples, "train")[0]
    twin = photos / "김밥" / "twin.jpg"
    shutil.copy(train, twin)
    decide(file, (twin, "relabel", "갈비찜"), (twin, "group", "one plate"))
    prepared = prepare(photos, fixes=str(file))
    both = prepared.samples.set_index("path").loc[[train, str(twin)]]
    assert both["split"].nunique() == both["group"].nunique() == 1
    if both["split"].iloc[0] == "test":
        assert both["label"].tolist() == ["갈비찜", "김밥"] and both["fix"].tolist() == ["", "relabel:갈비찜"]
    else:
        assert both["label"].tolist() == ["갈비찜"] * 2
        assert "1 relabelled, 2 grouped" in prepared.layout


def test_a_class_that_the_data_does_not_have(photos, file):
    path = paths_in(prepare(photos).samples, "train")[0]
    decide(file, (path, "relabel", "돼지갈비"))
    with pytest.raises(KfoodError, match='line 2: the data has no class "돼지갈비". Did you mean "돼지갈비찜"?'):
        prepare(photos, fixes=str(file))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("digest,value\n", 'has no column "action".'),
        ("digest,action,action,value\n", 'has 2 columns called "action": leave one.'),
        ("", "is not a CSV: its first line is empty"),
        (f"{DIGEST},drop,\n", 'has no column "digest".'),
        (f"digest,action,value\n{DIGEST},dorp,\n", 'line 2: there is no action "dorp". Did you mean "drop"?'),
        (f"digest,action,value\n\n{DIGEST},relabel,\n", "line 3: the value is empty, but relabel needs the right"),
        ("digest,action,value\n1.23E+31,drop,\n", 'line 2: "1.23e+31" is no digest'),
        (f"digest,action,value\n{DIGEST},drop,,a, b\n", "line 2: there are more cells than columns"),
        (f'digest,action,value\n"{DIGEST},drop,\n', "is not a CSV: line 2: unexpected end of data"),
        (
            f"digest,action,value\n{DIGEST},relabel,김밥\n{DIGEST},relabel,만두\n",
            "line 3: it says relabel 만두 of the photo of which line 2 says relabel 김밥",
        ),
        (
            f"digest,action,value\n{DIGEST},drop,\n{DIGEST.upper()},relabel,만두\n",
            "line 3: it says relabel 만두 of the photo of which line 2 says drop:",
        ),
    ],
)
def test_a_file_that_cannot_be_followed(file, text, words):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KfoodError, match=f"{re.escape(str(file))}.*{re.escape(words)}"):
        read_fixes(file)


def test_a_file_that_is_not_there_or_in_no_known_encoding(file):
    with pytest.raises(KfoodError, match=f"data.fixes: {re.escape(str(file))} cannot be read: No such file"):
        read_fixes(file)
    file.write_bytes(b"\xff\xff\x00\x81")
    with pytest.raises(KfoodError, match="neither in UTF-8 nor in UTF-16 or CP949"):
        read_fixes(file)


def test_the_same_decision_twice_is_one_and_excels_encoding_is_read(file):
    text = f"digest,action,value\n{DIGEST},relabel,김밥\n{DIGEST},relabel,김밥\n{DIGEST},group,한 접시\n,,\n"
    file.write_bytes(f"{text}{DIGEST},group,한 상\n".encode("cp949"))
    fixes = read_fixes(file)
    assert fixes[["action", "value"]].values.tolist() == [["relabel", "김밥"], ["group", "한 접시"], ["group", "한 상"]]
    assert fixes.index.tolist() == [2, 4, 6]
    file.write_text("digest,action,value\n")
    assert read_fixes(file).empty


def test_a_run_tells_its_test_results_before_and_after_and_needs_the_file_no_more(photos, file, tmp_path, caplog):
    before = prepare(photos).samples
    first, second = paths_in(before, "test")[:2]
    dropped = paths_in(before, "train")[0]
    decide(file, (first, "drop", ""), (second, "relabel", "김밥"), (dropped, "drop", ""))
    caplog.set_level("INFO", "kfood")
    run = train(load_recipe("mission1", [*SMALL, f"data.fixes={file}"], str(photos)), tmp_path / "runs")
    as_given, fixed = run.metrics["test"], run.metrics["test_after_fixes"]
    assert (fixed["n"], as_given["n"]) == (as_given["n"] - 1, 6)
    table = run.predictions.set_index("path")
    test = table[table["split"] == "test"]
    right = (test["label"] == test["predicted"]).sum()
    of_two = [table.loc[path, "predicted"] == "갈비찜" for path in (first, second)]
    assert fixed["correct"] == right - sum(of_two) + (table.loc[second, "predicted"] == "김밥")
    losses = {**test["loss"].drop(first).to_dict(), second: -pd.Series(table.loc[second, "p_김밥"]).transform("log")[0]}
    assert fixed["loss"] == pytest.approx(sum(losses.values()) / len(losses), abs=1e-5)
    assert "test, after fixes" in caplog.text
    assert results(run)["split"].tolist() == ["valid", "test", "test, after fixes"]
    (page,) = result_rows([run], "test")
    assert f"{fixed['correct']} of {fixed['n']} photos right" in page.after_fixes
    assert "1 dropped, 0 relabelled, 0 grouped, 2 of test only noted" in run.environment["data"]
    file.unlink()
    again = Run(run.folder)
    assert dropped not in set(photos_of_run(again).samples["path"])
    assert fixed_labels(again.samples).to_dict() == {first: "", second: "김밥"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_names_of_any_letters_come_back_from_other_hands(file, separator, encoding):
    names = ["김;밥", "a\tb", r"x\y", 'q"u', "[1]*?", "a, b", "=1+1", unicodedata.normalize("NFD", "떡국")]
    if encoding == "cp949":
        names[-1] = "떡국"
    with file.open("w", encoding=encoding, newline="") as opened:
        writer = csv.writer(opened, delimiter=separator)
        writer.writerow(["digest", "action", "value"])
        writer.writerows([f"{number:032x}", "relabel", name] for number, name in enumerate(names))
    assert read_fixes(file)["value"].tolist() == [*names[:-1], "떡국"]
