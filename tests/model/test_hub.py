"""Weights on this machine need no hub; one that does not answer costs two seconds, once; one that answers is used."""

import socket
import time

import pytest
import torch
from huggingface_hub import constants

from kfood.errors import KfoodError
from kfood.model import hub
from kfood.model.at_hand import weights_at_hand
from kfood.model.body import build_body
from kfood.model.pretrained import load_pretrained
from support.stand_in_hub import ARCH

SIZE = 32


def first_weight(body) -> torch.Tensor:
    return next(iter(body.state_dict().values()))


def test_weights_are_taken_from_a_hub_that_answers_and_then_from_this_machine(hub_at, stand_in_hub):
    address, weights, asked = stand_in_hub
    hub_at(address)
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
def test_a_hub_that_does_not_answer_is_asked_once_for_two_seconds(hub_at, monkeypatch, kind):
    monkeypatch.setattr(hub, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:  # takes calls and says nothing
        port = listening.getsockname()[1]
        if kind == "is not there":
            listening.close()
        hub_at("nowhere" if kind == "is no address" else f"http://127.0.0.1:{port}")
        asked, ask = [], hub._ask
        monkeypatch.setattr(hub, "_ask", lambda: asked.append(1) or ask())
        for _ in range(3):
            with pytest.raises(KfoodError, match="not on this machine, and the hub does not answer"):
                load_pretrained(build_body(ARCH, SIZE), ARCH, SIZE)
    assert len(asked) == 1


def test_a_download_that_takes_too_long_is_left_to_itself(hub_at, stand_in_hub, monkeypatch):
    address, _, _ = stand_in_hub
    hub_at(address)
    download = hub.hf_hub_download
    monkeypatch.setattr(hub, "hf_hub_download", lambda *given, **how: time.sleep(0.3) or download(*given, **how))
    assert hub.download_weights(ARCH, 0.01) == ""
    assert hub.download_weights(ARCH, 20) == hub.downloaded_weights(ARCH) != ""


def test_where_weights_are_is_told_without_reading_them(hub_at, stand_in_hub, tmp_path, monkeypatch):
    file = tmp_path / "weights.safetensors"
    assert weights_at_hand(ARCH, str(file)).source == ""
    file.touch()
    assert weights_at_hand(ARCH, str(file)).source == "file"
    assert weights_at_hand("tf_efficientnet_lite0").source == "package"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.hub_answers.cache_clear()
    assert "the hub does not answer" in weights_at_hand(ARCH).words
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub_at(stand_in_hub[0])
    assert weights_at_hand(ARCH).source == "hub"
    assert hub.download_weights(ARCH, 20)
    assert weights_at_hand(ARCH).source == "cache"


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
