"""A service of a model that goes by colour, and a client of it."""

from __future__ import annotations

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")
from starlette.testclient import TestClient

from kfood.run.cannot_tell import CannotTell
from kfood.serving.app import build_app
from kfood.serving.service import Service
from support.served import ByColour

RULES = [CannotTell(("갈비찜", "돼지갈비찜"), 0.9, 0.95, 0.95)]


@pytest.fixture
def predictor():
    return ByColour()


@pytest.fixture
def service(predictor):
    return Service(predictor, RULES, {"run": predictor.name, "size": 8, "digest": "0" * 32})


@pytest.fixture
def client(service):
    with TestClient(build_app(service), raise_server_exceptions=False) as client:
        yield client
