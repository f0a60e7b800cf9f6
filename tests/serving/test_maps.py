"""Where a run's network looks, over HTTP."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from kfood.interpretation.activation import activation_maps
from kfood.pairs.cascade import make_cascade
from kfood.run.find import find_run
from kfood.serving.app import build_app
from kfood.serving.load import load_service
from kfood.serving.maps import Maps
from kfood.training.restore import predictor_of
from support.two_runs import A, B

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(two_runs):
    return load_service(str(two_runs.main.folder), two_runs.main.folder.parents[1])


@pytest.fixture(scope="module")
def photo(two_runs):
    rows = two_runs.main.samples
    return rows[rows["split"] == "test"]["path"].iloc[0]


def test_a_run_is_served_as_it_predicts(two_runs, service):
    run = two_runs.main
    assert service.description()["run"] == run.name and service.description()["maps"] is True
    rows = run.predictions[run.predictions["split"] == "test"].head(20)
    with TestClient(build_app(service)) as client:
        for row in rows.to_dict("records"):
            with open(row["path"], "rb") as file:
                (found,) = client.post("/predict?top=1", content=file.read()).json()["photos"]
            assert found["classes"][0]["name"] == row["predicted"]
            assert found["classes"][0]["probability"] == pytest.approx(row["probability"], abs=1e-3)


def test_the_map_is_that_of_interpret(two_runs, service, photo):
    learner = predictor_of(two_runs.main)
    from kfood.data.loaders import Photo

    item = Photo(photo, "", "", A)
    wanted = activation_maps(learner, [item, item], [0, 1])
    for number in (0, 1):
        found = service.maps._heat(service.predictor.prepare(photo), number)
        assert found == pytest.approx(wanted[number], abs=1e-4)


def test_a_map_is_a_picture_of_the_photo(service, photo, tmp_path):
    wide = tmp_path / "wide.jpg"
    Image.open(photo).resize((1600, 400)).save(wide)
    with TestClient(build_app(service)) as client:
        answers = [
            client.post("/map", files={"photo": ("a.jpg", wide.read_bytes())}, data={"class": name}) for name in (A, B)
        ]
        assert [answer.headers["content-type"] for answer in answers] == ["image/jpeg"] * 2
        pictures = [Image.open(io.BytesIO(answer.content)) for answer in answers]
        assert [picture.size for picture in pictures] == [(900, 225)] * 2
        assert np.abs(np.asarray(pictures[0], int) - np.asarray(pictures[1], int)).max() > 8
        unknown = client.post("/map", files={"photo": ("a.jpg", wide.read_bytes())}, data={"class": "피자"})
        assert unknown.status_code == 400
        assert client.post("/map?class=김밥", content=b"no photo").status_code == 415
        assert client.post("/map?class=김밥", content=wide.read_bytes()).status_code == 200


@pytest.mark.parametrize(("resize", "size"), [("squish", (900, 450)), ("crop", (900, 900)), ("pad", (900, 900))])
def test_the_part_that_the_network_is_given_is_shown(two_runs, resize, size):
    run = find_run(str(two_runs.main.folder), two_runs.main.folder.parents[1])
    data = run.recipe.data.model_copy(update={"resize": resize})
    run.__dict__["recipe"] = run.recipe.model_copy(update={"data": data})
    assert Maps(run, [])._as_looked_at(Image.new("RGB", (2000, 1000))).shape == (*reversed(size), 3)


def test_rules_of_the_run_are_kept_by_the_server(two_runs, service):
    assert service.rules == []
    assert replace(service, rules=[]).answer(np.array([0.6, 0.3, 0.1]))["answer"] == A


def test_a_cascade_is_served_as_one_model(two_runs, tmp_path):
    run = make_cascade(two_runs.main, two_runs.pair, tmp_path).run
    row = run.predictions.iloc[0]
    with open(row["path"], "rb") as file:
        content = file.read()
    with TestClient(build_app(load_service(str(run.folder), tmp_path))) as client:
        (found,) = client.post("/predict?top=1", content=content).json()["photos"]
        assert found["classes"][0]["name"] == row["predicted"]
        assert client.post("/map", files={"photo": ("a.jpg", content)}, data={"class": A}).status_code == 200
