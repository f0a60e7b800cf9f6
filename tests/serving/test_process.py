"""`kfood serve` as a process: how it begins, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from kfood.cli.main import main
from kfood.serving.app import build_app
from support.served import behind_an_address, photo_of

httpx = pytest.importorskip("httpx")

# A model that is held up by standard input: the process predicts once it is closed.
PROGRAM = """
import sys
from kfood.serving.app import build_app
from kfood.serving.listening import address_of, listen
from kfood.serving.running import run_app
from kfood.serving.service import Service
from support.served import ByColour

class Held(ByColour):
    def probabilities(self, photos):
        print("predicting", flush=True)
        sys.stdin.read()
        return super().probabilities(photos)

with listen("127.0.0.1", 0) as listening:
    print(address_of(listening), flush=True)
    run_app(build_app(Service(Held())), listening)
"""


def command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["kfood", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_begun_is_finished(number):
    path = os.pathsep.join(entry for entry in sys.path if entry)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    address, answers = process.stdout.readline().strip(), []

    def ask():
        answers.append(httpx.post(f"{address}/predict", content=photo_of("라면"), timeout=60))

    asking = threading.Thread(target=ask)
    asking.start()
    assert process.stdout.readline() == "predicting\n"
    process.send_signal(number)
    while True:  # until it takes no more
        try:
            httpx.get(f"{address}/health", timeout=5)
        except httpx.TransportError:
            break
    assert answers == []
    process.stdin.close()
    asking.join(60)
    assert answers[0].json()["photos"][0]["answer"] == "라면"
    assert process.wait(60) in (0, -number)
    if number == signal.SIGTERM:
        assert process.stderr.read() == ""


def test_a_port_in_use_is_one_sentence(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert command(monkeypatch, "serve", "--port", port) == 2
    assert capsys.readouterr().err == (
        f"Error: Port {port} is in use by another program: take another one, such as --port {port + 1}.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve", "--host", "no.such.host.invalid"], "--host no.such.host.invalid is no address"),
        (["serve", "--port", "0"], "There is no finished run in"),
        (["serve", "nothing", "--port", "0"], "There is no finished run"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(monkeypatch, capsys, words, said):
    assert command(monkeypatch, *words) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ") and said in error and error.count("\n") == 1


def test_a_connection_that_sends_nothing_is_closed(monkeypatch, service):
    monkeypatch.setattr("kfood.serving.running._HEADER_SECONDS", 0.05)
    with behind_an_address(build_app(service)) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as silent:
            silent.sendall(b"POST /pre")
            assert silent.recv(1) == b""
        assert httpx.get(f"{address}/health").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\nabc",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nmore than three",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nabc",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_wrong_lengths_and_no_http_leave_the_server_up(service, sent):
    with behind_an_address(build_app(service)) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionError:
                pass
        assert b"Traceback" not in answer and b" 200 " not in answer.split(b"\r\n")[0]
        assert httpx.post(f"{address}/predict", content=photo_of()).status_code == 200


def test_the_sender_of_too_much_reads_why(service):
    """Though nothing of it was read: a connection closed at once would lose the answer."""
    with behind_an_address(build_app(service)) as address:
        answer = httpx.post(f"{address}/predict", content=bytes(30_000_000), timeout=60)
        assert answer.status_code == 413 and answer.headers["connection"] == "close"


def test_the_address_is_one_for_a_browser():
    from kfood.serving.listening import address_of, listen

    with listen("0.0.0.0", 0) as listening:
        assert address_of(listening).startswith("http://127.0.0.1:")
