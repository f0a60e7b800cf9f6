"""What each address answers."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from kfood.serving.app import build_app
from kfood.serving.uploads import Limits
from support.served import CLASSES, HOSTILE, photo_of


def as_form(*photos, **fields):
    return {"files": [("photo", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)], "data": fields}


@pytest.mark.parametrize("name", [name for name in CLASSES if "갈비찜" not in name])
@pytest.mark.parametrize("how", ["raw", "form", "curl"])
def test_a_photo_is_answered_however_it_is_sent(client, name, how):
    photo = photo_of(name)
    sent = {
        "raw": {"content": photo, "headers": {"Content-Type": "image/jpeg"}},
        "curl": {"content": photo, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        "form": as_form(photo),
    }[how]
    answer = client.post("/predict", **sent)
    assert answer.status_code == 200
    (found,) = answer.json()["photos"]
    assert found["answer"] == name and found["cannot_tell"] is None
    shares = [each["probability"] for each in found["classes"]]
    assert found["classes"][0]["name"] == name and len(shares) == 5 and shares == sorted(shares, reverse=True)


def test_several_photos_are_answered_in_their_order_and_a_bad_one_spoils_none(client):
    photos = [photo_of("김밥"), b"no photo", photo_of("라면", kind="PNG"), b""]
    found = client.post("/predict", **as_form(*photos)).json()["photos"]
    assert [each.get("answer") for each in found] == ["김밥", None, "라면", None]
    assert [each["name"] for each in found] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert found[1]["error"] == '"1.jpg" cannot be read as a photo.'
    assert found[3]["error"] == '"3.jpg" is empty.'


def test_look_alikes_that_the_run_cannot_tell_are_both_named(client):
    (found,) = client.post("/predict", content=photo_of("돼지갈비찜")).json()["photos"]
    assert found["answer"] is None and found["cannot_tell"] == ["돼지갈비찜", "갈비찜"]
    assert {each["name"] for each in found["classes"][:2]} == {"갈비찜", "돼지갈비찜"}


def test_as_many_classes_as_are_asked_for(client):
    def classes(n):
        return client.post(f"/predict?top={n}", content=photo_of())

    assert [len(classes(n).json()["photos"][0]["classes"]) for n in (1, 6)] == [1, 6]
    for wrong in ("0", "7", "-1", "x", "1e3", "٣", "9" * 40):
        answer = classes(wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "top is a number of classes, from 1 to 6.")


def test_the_model_is_described(client):
    assert client.get("/model").json() == {
        "name": "colours/20261129-120000-abcd",
        "classes": CLASSES,
        "run": "colours/20261129-120000-abcd",
        "size": 8,
        "digest": "0" * 32,
        "maps": False,
        "collects": False,
    }
    assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/predict", 405),
        ("POST", "/model", 405),
        ("GET", "/nothing", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/words.js/../../parts.py", 404),
        ("POST", "/map", 501),
        ("POST", "/label", 403),
        ("POST", "/predict", 400),
    ],
)
def test_what_cannot_be_done_is_one_sentence(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert re.fullmatch(r"[A-Z][^\n]+\.|[A-Z][^\n]+/form-data\.", answer.json()["error"])


def test_every_answer_forbids_other_hosts(client):
    for answer in (client.get("/"), client.get("/nothing"), client.post("/predict", content=photo_of())):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ") and "http" not in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_names_no_other_host_and_has_no_inline_script(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"<script[^>]*>[^<]", page.text) == [] and not re.search(r"\son\w+=", page.text)
    for name in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
        part = client.get(f"/{name}")
        assert part.status_code == 200, name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", part.text), name


def test_a_fault_of_the_model_tells_nobody_where_it_is(service, monkeypatch):
    def broken(photos):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(service.predictor, "probabilities", broken)
    with TestClient(build_app(service), raise_server_exceptions=False) as client:
        answer = client.post("/predict", content=photo_of())
        assert answer.status_code == 500 and set(answer.json()) == {"error"}
        assert "secret" not in answer.text and "Traceback" not in answer.text
        monkeypatch.undo()
        assert client.post("/predict", content=photo_of()).status_code == 200
        assert 'path="/predict",status="500"} 1' in client.get("/metrics").text


def test_what_was_done_is_counted(client):
    client.post("/predict", **as_form(photo_of(), photo_of("라면")))
    client.post("/predict", content=b"no photo")
    client.get("/nothing?at=all")
    text = client.get("/metrics").text
    for line in (
        'kfood_requests_total{path="/predict",status="200"} 1',
        'kfood_requests_total{path="/predict",status="415"} 1',
        'kfood_requests_total{path="other",status="404"} 1',
        "kfood_photos_total 2",
        "kfood_predict_seconds_count 1",
        "kfood_batch_photos_sum 2.000000",
        "kfood_queue_photos 0",
        "kfood_admitted_photos 0",
    ):
        assert f"\n{line}\n" in text
    assert "nothing" not in text


def test_photos_of_requests_at_the_same_time_are_predicted_together(client, predictor):
    predictor.may_go_on.clear()
    with ThreadPoolExecutor(16) as pool:
        answers = [
            pool.submit(client.post, "/predict", content=photo_of("김밥" if n % 2 else "라면")) for n in range(16)
        ]
        while "kfood_admitted_photos 16" not in client.get("/metrics").text:
            pass
        predictor.may_go_on.set()
        named = [answer.result().json()["photos"][0]["answer"] for answer in answers]
    assert named == ["라면", "김밥"] * 8
    assert sum(predictor.batches) == 16 and len(predictor.batches) <= 4 and len(predictor.threads) == 1


def test_who_comes_to_a_full_house_is_told_to_come_again(service, predictor):
    predictor.may_go_on.clear()
    with TestClient(build_app(service, room=3)) as client, ThreadPoolExecutor(3) as pool:
        inside = [pool.submit(client.post, "/predict", content=photo_of()) for _ in range(3)]
        while "kfood_admitted_photos 3" not in client.get("/metrics").text:
            pass
        turned_away = client.post("/predict", content=photo_of())
        assert turned_away.status_code == 503 and turned_away.headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200
        predictor.may_go_on.set()
        assert [each.result().status_code for each in inside] == [200] * 3
        assert client.post("/predict", content=photo_of()).status_code == 200
        assert client.post("/predict", **as_form(*[photo_of()] * 4)).status_code == 503  # more than fit at all


def test_what_is_sent_by_all_together_is_bounded(service):
    limits = Limits(bytes_at_once=3000)
    with TestClient(build_app(service, limits)) as client:
        assert client.post("/predict", content=bytes(4000)).status_code == 503
        for _ in range(10):  # each gives back what it took
            assert client.post("/predict", content=photo_of()).status_code == 200


def test_a_hostile_class_name_is_plain_text_in_json(client):
    answer = client.post("/predict", content=photo_of(HOSTILE))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["photos"][0]["answer"] == HOSTILE
    assert HOSTILE not in client.get("/").text
