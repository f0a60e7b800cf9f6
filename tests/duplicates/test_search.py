"""A folder of photos, from its layout to what was found and the files that say so."""

import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from kfood.data.fixes_file import read_fixes
from kfood.data.prepare import prepare_samples
from kfood.duplicates import cards
from kfood.duplicates.files import write_duplicates
from kfood.duplicates.search import find_duplicates
from kfood.errors import KfoodError
from kfood.recipes.schema import Data
from kfood.system.files import read_csv, write_csv
from support.html_page import read_page
from support.textured import changed, save, textured

DISHES = ("김밥", "라면")


@pytest.fixture
def camp(tmp_path):
    """The camp's folders; 10 photos a class and folder, of which some are there twice."""
    number = 0
    for folder in ("kfood_train/train", "kfood_val/val", "kfood_health_train", "kfood_health_val"):
        for dish in DISHES:
            for place in range(10):
                save(textured(number), tmp_path / "camp" / folder / dish / f"{place}.jpg", 90)
                number += 1
    root = tmp_path / "camp"
    shutil.copy(root / "kfood_train/train/김밥/0.jpg", root / "kfood_train/train/라면/label.jpg")
    save(changed(1, "resized"), root / "kfood_val/val/김밥/leak.jpg")
    save(changed(2, "mirrored"), root / "kfood_health_val/김밥/other.jpg")
    save(changed(3, "saved again"), root / "kfood_train/train/김밥/twice.jpg")
    (root / "kfood_train/train/김밥/broken.jpg").write_bytes(b"no photo")
    return root


@pytest.fixture
def found(camp):
    return find_duplicates(Data(root=str(camp)))


def _planted(paths):
    """The name of the planted photo in a pair."""
    return next(name for name in ("label", "leak", "other", "twice") if f"{name}.jpg" in paths)


def test_both_data_sets_are_looked_at(found):
    pairs = found.findings.set_index(found.findings["path_b"].str.cat(found.findings["path_a"]).map(_planted))
    assert sorted(pairs.index) == ["label", "leak", "other", "twice"]
    assert pairs.loc["label", "finding"] == "conflict"
    assert pairs.loc["leak", "finding"] == "leak"
    assert pairs.loc["twice", "finding"] in ("leak", "same class")  # as its split was drawn
    both = pairs.loc["other"]
    assert (both["finding"], both["mirrored"]) == ("data sets", True)
    assert {both["subset_a"], both["subset_b"]} == {"kfood", "kfood_health"}
    assert found.samples["subset"].value_counts().to_dict() == {"kfood": 43, "kfood_health": 41}
    assert len(found.left_out) == 1


def test_the_groups_can_be_trained_on_and_keep_copies_together(found, tmp_path):
    write_duplicates(found, tmp_path / "out")
    table = read_csv(tmp_path / "out" / "groups-kfood.csv", text=["path", "label", "split", "group"])
    write_csv(tmp_path / "free.csv", table.drop(columns="split"))
    for seed in range(5):
        samples = prepare_samples(Data(root=str(tmp_path / "free.csv"), split_seed=seed)).samples
        copies = samples[samples["group"].str.startswith("same-")]
        assert len(copies) == 6
        assert (copies.groupby("group")["split"].nunique() == 1).all()
    # the health set's copy has its other photo in the other data set
    health = read_csv(tmp_path / "out" / "groups-kfood_health.csv", text=["path", "label", "split", "group"])
    assert set(health["group"]) == {""}


def test_what_was_fixed_is_found_no_more(found, camp, tmp_path):
    write_duplicates(found, tmp_path / "out")
    file = tmp_path / "out" / "fixes.csv"
    fixes = read_fixes(file)
    assert len(fixes) == 5  # two of the six photos have the same content
    twin = found.findings.query("finding == 'conflict'").iloc[0]
    decided = pd.DataFrame(
        [{"digest": twin["digest_a"], "action": "relabel", "value": "김밥", "path": "", "reason": ""}]
    )
    write_csv(file, pd.concat([fixes, decided]))
    again = find_duplicates(Data(root=str(camp), fixes=str(file)))
    assert "conflict" not in set(again.findings["finding"])
    write_duplicates(again, tmp_path / "out")
    assert read_fixes(file)["action"].value_counts().to_dict() == {"group": 5, "relabel": 1}


def test_what_was_decided_elsewhere_stays_and_contradictions_are_told(found, camp, tmp_path):
    twin = found.findings.query("finding == 'conflict'").iloc[0]["digest_a"]
    mine, out = tmp_path / "mine.csv", tmp_path / "out"
    mine.write_text(f"digest,action,value\n{twin},relabel,김밥\n{twin},group,my own\n")
    followed = find_duplicates(Data(root=str(camp), fixes=str(mine)))
    write_duplicates(followed, out)
    fixes = read_fixes(out / "fixes.csv")
    assert fixes.loc[fixes["digest"] == twin, "value"].tolist()[:2] == ["김밥", "my own"]
    (out / "fixes.csv").write_text(f"digest,action,value\n{twin},drop,\n")
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    with pytest.raises(KfoodError, match="decide differently about"):
        write_duplicates(followed, out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_the_page_shows_pairs_and_nothing_becomes_markup(found, tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "_SHOWN", 1)
    hostile = "</script><script>alert(1)</script>"
    found.findings.loc[:, "label_a"] = hostile
    found.samples.loc[0, "label"] = hostile
    found = replace(found, data=Data(root="<b>photos</b>"))
    write_duplicates(found, tmp_path / "out")
    shown = read_page(tmp_path / "out" / "duplicates.html")
    assert shown.named("b") == []
    assert len(shown.named("script")) == 2
    assert hostile in shown.text
    assert hostile in json.loads(shown.scripts["decisions-data"])["classes"]
    assert "Under two labels" in shown.text
    sections = found.findings["finding"].nunique()
    assert len(shown.named("img")) == 2 * sections
    assert all(image["src"].startswith("data:image/webp;base64,") for image in shown.named("img"))
    assert ("The first 1 pairs are shown" in shown.text) == (found.findings["finding"].value_counts().max() > 1)


def test_nothing_found_is_said_too(make_photos, tmp_path):
    root = make_photos(tmp_path / "photos", {"김밥": 5, "라면": 5})
    nothing = find_duplicates(Data(root=str(root)))
    assert nothing.findings.empty
    files = write_duplicates(nothing, tmp_path / "out")
    assert [file.name for file in files] == ["duplicates.html", "fixes.csv", "duplicates.csv", "groups.csv"]
    assert "No photo is there twice" in read_page(files[0]).text
    assert list(read_csv(files[-1])) == ["path", "label", "group"]


def test_photos_none_of_which_can_be_read(tmp_path):
    (tmp_path / "photos" / "김밥").mkdir(parents=True)
    (tmp_path / "photos" / "김밥" / "0.jpg").write_bytes(b"no photo")
    with pytest.raises(KfoodError, match="None of the 1 photos"):
        find_duplicates(Data(root=str(tmp_path / "photos")))


def test_a_folder_that_cannot_be_written(found, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KfoodError, match=re.escape(str(tmp_path / "file"))):
        write_duplicates(found, tmp_path / "file")
