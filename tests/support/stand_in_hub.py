"""A small hub of timm's weights on this machine, and any other address in the place of the real one."""

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import timm
from huggingface_hub import constants
from safetensors.torch import save

from kfood.model import hub

ARCH = "test_resnet"  # timm's network of a few thousand numbers
REPOSITORY = timm.get_pretrained_cfg(ARCH).hf_hub_id


@pytest.fixture
def hub_at(monkeypatch, tmp_path):
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
def stand_in_hub():
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
