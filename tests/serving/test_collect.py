"""Photos that are kept with what people say is on them."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from kfood.data.layouts import read_layout
from kfood.errors import KfoodError
from kfood.serving.app import build_app
from kfood.serving.collect import Collection
from support.served import CLASSES, photo_of


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept"


@pytest.fixture
def keeping(service, folder):
    service = service.collecting(Collection(folder, [*CLASSES, "a/b", ".."]))
    with TestClient(build_app(service)) as client:
        yield client


def tell(client, photo, label, **headers):
    return client.post("/label", files={"photo": ("a.jpg", photo)}, data={"label": label}, headers=headers)


def kept(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def named(label, photo, ending=".jpg"):
    return f"{label}/{hashlib.sha256(photo).hexdigest()}{ending}"


def test_a_photo_is_kept_under_its_class_as_it_came(keeping, folder):
    photo = photo_of("김밥")
    answer = tell(keeping, photo, unicodedata.normalize("NFD", "김밥"))
    assert (answer.status_code, answer.json()) == (201, {"kept": named("김밥", photo)})
    assert kept(folder) == {named("김밥", photo): photo}
    assert tell(keeping, photo, "김밥").status_code == 201  # told twice, kept once
    assert kept(folder) == {named("김밥", photo): photo}


def test_the_last_word_on_a_photo_counts(keeping, folder):
    photo = photo_of("김밥")
    for label in ("김밥", "라면"):
        tell(keeping, photo, label)
    assert kept(folder) == {named("라면", photo): photo}


@pytest.mark.parametrize(
    ("photo", "label", "status"),
    [
        (photo_of(), "피자", 400),
        (photo_of(), "", 400),
        (photo_of(), "../../etc", 400),
        (photo_of(), "a/b", 400),
        (photo_of(), "..", 400),
        (b"no photo", "김밥", 415),
        (b"", "김밥", 400),
    ],
)
def test_what_is_wrong_is_not_kept(keeping, folder, photo, label, status):
    answer = tell(keeping, photo, label)
    assert answer.status_code == status and set(answer.json()) == {"error"}
    assert kept(folder.parent) == {}


def test_another_sites_page_can_put_nothing_there(keeping, folder):
    assert tell(keeping, photo_of(), "김밥", Origin="https://elsewhere.example").status_code == 403
    assert tell(keeping, photo_of(), "김밥", Origin="null").status_code == 403
    assert kept(folder.parent) == {}
    assert tell(keeping, photo_of(), "김밥", Origin="http://testserver").status_code == 201


def test_it_is_said_where_photos_are_kept(keeping, client):
    assert keeping.get("/model").json()["collects"] is True
    assert client.get("/model").json()["collects"] is False
    assert tell(client, photo_of(), "김밥").status_code == 403


def test_a_disk_that_takes_no_more_is_said(keeping, folder, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kfood.serving.collect.write_whole", full)
    assert tell(keeping, photo_of(), "김밥").status_code == 507


def test_a_training_reads_the_folder(keeping, folder):
    for name, kind in (("김밥", "JPEG"), ("라면", "PNG"), ("라면", "WEBP"), ("비빔밥", "GIF")):
        assert tell(keeping, photo_of(name, kind=kind), name).status_code == 201
    found = read_layout(folder).samples
    assert sorted(found["label"]) == ["김밥", "라면", "라면", "비빔밥"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(KfoodError, match="is a file: name a folder for --collect"):
        Collection(tmp_path / "file", CLASSES)


def test_a_collection_of_another_service_is_its_own(service, folder):
    assert replace(service).collection is None
    assert service.collecting(Collection(folder, CLASSES)).collection.folder == folder
