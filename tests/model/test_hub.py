"""Weights on this machine need no hub; one that does not answer costs two seconds, once; one that answers is used."""

import hashlib
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save

from kfood.errors import KfoodError
from kfood.model import hub
from kfood.model.body import build_body
from kfood.model.pretrained import load_pretrained

ARCH, SIZE = "test_resnet", 32  # timm's network of a few thousand numbers
REPOSITORY = timm.get_pretrained_cfg(ARCH).hf_hub_id


@pytest.fixture
def at(monkeypatch, tmp_path):
    """Return a function that lets another address be the hub; nothing was downloaded before."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    def move(address: str) -> None:
        hub.hub_answers.cache_clear()
        monkeypatch.setattr(constants, "ENDPOINT", address)
        template = "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + template)

    yield move
    hub.hub_answers.cache_clear()


@pytest.fixture
def stand_in():
    """A hub that has the weights of one network: its address, what they are, and the paths that were asked for."""
    weights = save(timm.create_model(ARCH).state_dict())
    asked = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append(self.path)
            known = self.path == f"/{REPOSITORY}/resolve/main/model.safetensors"
            self.send_response(200 if known else 404)
            if known:
                self.send_header("ETag", f'"{hashlib.sha256(weights).hexdigest()}"')
                self.send_header("X-Repo-Commit", "0" * 40)
                self.send_header("Content-Length", str(len(weights)))
            self.end_headers()

        def do_GET(self):
            self.do_HEAD()
            self.wfile.write(weights)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", weights, asked
    server.shutdown()


def first_weight(body) -> torch.Tensor:
    return next(iter(body.state_dict().values()))


def test_weights_are_taken_from_a_hub_that_answers_and_then_from_this_machine(at, stand_in):
    address, weights, asked = stand_in
    at(address)
    body = build_body(ARCH, SIZE)
    load_pretrained(body, ARCH, SIZE)
    downloaded = first_weight(body)
    assert downloaded.numpy().tobytes() in weights
    assert asked
    asked.clear()
    again = build_body(ARCH, SIZE)
    load_pretrained(again, ARCH, SIZE)
    assert torch.equal(first_weight(again), downloaded) and not asked  # nobody was asked


@pytest.mark.parametrize("kind", ["hangs", "is not there", "is no address"])
def test_a_hub_that_does_not_answer_is_asked_once_for_two_seconds(at, monkeypatch, kind):
    monkeypatch.setattr(hub, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:  # takes calls and says nothing
        port = listening.getsockname()[1]
        if kind == "is not there":
            listening.close()
        at("nowhere" if kind == "is no address" else f"http://127.0.0.1:{port}")
        asked, ask = [], hub._ask
        monkeypatch.setattr(hub, "_ask", lambda: asked.append(1) or ask())
        for _ in range(3):
            with pytest.raises(KfoodError, match="not on this machine, and the hub does not answer"):
                load_pretrained(build_body(ARCH, SIZE), ARCH, SIZE)
    assert len(asked) == 1


def test_a_question_that_never_ends_is_given_up(monkeypatch):
    """As with a name server that does not answer, which no timeout of a socket ends."""
    monkeypatch.setattr(hub, "_PATIENCE", 0.05)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "_ask", lambda: time.sleep(5) or True)
    hub.hub_answers.cache_clear()
    assert not hub.hub_answers()
    hub.hub_answers.cache_clear()


def test_without_leave_to_ask_nobody_is_asked(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "_ask", lambda: pytest.fail("it was asked"))
    hub.hub_answers.cache_clear()
    assert not hub.hub_answers()
    hub.hub_answers.cache_clear()
