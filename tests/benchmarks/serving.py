"""Requests a second of `kfood serve` beside a dozen lines around fastai's learn.predict, and its memory over many.

usage: python tests/benchmarks/serving.py [--run RUN] [--clients 1 8 32] [--seconds 20] [--pixels 640]
       python tests/benchmarks/serving.py --memory 100000

All servers answer on this machine, beside the clients that ask them: each client sends a photo (JPEG) as the body of
POST /predict, waits for the answer and sends the next. EfficientNet-Lite0 at 192 pixels, trained for one epoch on
drawings, where no run is named: what it says does not matter here. Servers take turns, `--turns` times. Memory is that
of the server of the exported model, which on a CPU is how a run is served, too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__)
DRAW = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import contenders as by
by.draw_photos(Path(sys.argv[2]), 32, *[int(sys.argv[3])] * 2)
"""
EXPORT = """
import sys
from pathlib import Path
from kfood.exporting.graph import export_graph
from kfood.run.folder import Run
export_graph(Run(sys.argv[1]), Path(sys.argv[2]))
"""
SMALL = 64  # pixels of a photo where memory is watched
SETTINGS = ["model.arch=tf_efficientnet_lite0", "data.size=192", "training.epochs=1", "training.workers=0"]


def serve_by_fastai(folder: Path) -> None:
    """What a person writes who has a fastai Learner: Starlette, a temporary file's worth of bytes, learn.predict."""
    import uvicorn
    from contenders import TrainOnly, fastai_learner
    from fastai.vision.all import PILImage
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    learn = fastai_learner(folder, "tf_efficientnet_lite0", 192, 32)
    learn.remove_cb(TrainOnly)

    async def predict(request):
        photo = PILImage.create(await request.body())
        with learn.no_bar():
            name, _, probabilities = learn.predict(photo)
        return JSONResponse({"name": str(name), "probabilities": probabilities.tolist()})

    uvicorn.run(Starlette(routes=[Route("/predict", predict, methods=["POST"])]), port=0, access_log=False)


@contextmanager
def process(*command: str) -> Iterator[tuple[str, int]]:
    """Start a server and yield its address and the number of its process, once it says where it is."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        if found := re.search(r"http://[\d.]+:\d+", line):
            break
    else:
        raise SystemExit("".join(said))
    try:
        yield found[0], server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


async def _client(address: str, requests: list[bytes], until: float, most: int, seconds: list[float]) -> None:
    """Ask one after the other over one connection, and note how long each took."""
    reader, writer = await asyncio.open_connection(*urlsplit(address).netloc.split(":"))
    while time.perf_counter() < until and len(seconds) < most:
        began = time.perf_counter()
        writer.write(requests[len(seconds) % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        seconds.append(time.perf_counter() - began)
    writer.close()


def ask(
    address: str, photos: list[bytes], clients: int, seconds: float, most: int = sys.maxsize
) -> tuple[list[float], float]:
    """Return how long each request took, in seconds, and how long all took together."""
    host = urlsplit(address).netloc
    head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/jpeg\r\nContent-Length: "
    requests = [f"{head}{len(photo)}\r\n\r\n".encode() + photo for photo in photos]
    found: list[float] = []

    async def all_of_them() -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_client(address, requests, until, most, found) for _ in range(clients)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return found, time.perf_counter() - began


def kfood(*words: str) -> list[str]:
    return [sys.executable, "-m", "kfood", *words]


def speed(servers: dict[str, list[str]], photos: list[bytes], arguments: argparse.Namespace) -> None:
    """Print requests a second and how long they take: median of the turns, and their range."""
    found: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
    for _ in range(arguments.turns):
        for name, command in servers.items():
            with process(*command) as (address, _):
                ask(address, photos, 4, 3)  # warm
                for clients in arguments.clients:
                    took, whole = ask(address, photos, clients, arguments.seconds)
                    cuts = statistics.quantiles(took, n=100)
                    found.setdefault((name, clients), []).append((len(took) / whole, 1e3 * cuts[49], 1e3 * cuts[98]))
    print("| server | clients | requests a second | p50, ms | p99, ms |\n|---|---|---|---|---|")
    for (name, clients), turns in found.items():
        cells = [
            f"{statistics.median(each):.3g} ({min(each):.3g} to {max(each):.3g})" for each in zip(*turns, strict=True)
        ]
        print(f"| {name} | {clients} | {' | '.join(cells)} |")


def memory(command: list[str], photos: list[bytes], requests: int) -> None:
    """Print the server's memory as requests go by."""
    with process(*command) as (address, number):
        step, done = max(1, requests // 10), 0
        while done < requests:
            took, _ = ask(address, photos, 16, sys.maxsize, min(step, requests - done))
            done += len(took)
            print(f"{done:>9,} requests: {resident(number):,.0f} MB", flush=True)


def resident(number: int) -> float:
    """Return how much memory a process holds, in MB."""
    status = Path(f"/proc/{number}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run's folder")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=20, help="for each number of clients")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--pixels", type=int, default=640, help="of a photo's sides")
    parser.add_argument("--memory", type=int, metavar="REQUESTS", help="watch memory instead, with small photos")
    parser.add_argument("--fastai", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fastai:
        serve_by_fastai(arguments.fastai)
        return
    with tempfile.TemporaryDirectory() as place:
        folder, pixels = Path(place), SMALL if arguments.memory else arguments.pixels
        subprocess.run([sys.executable, "-c", DRAW, HERE.parent, folder / "photos", str(pixels)], check=True)
        photos = [path.read_bytes() for path in sorted((folder / "photos").rglob("*.jpg"))]
        run, model = arguments.run or trained(folder), folder / "exported" / "model.onnx"
        model.parent.mkdir()
        subprocess.run([sys.executable, "-c", EXPORT, run, model], check=True)
        servers = {
            "kfood serve, the run": kfood("serve", str(run), "--port", "0"),
            "kfood serve, exported": kfood("serve", str(model), "--port", "0"),
        }
        if arguments.memory:
            memory(servers["kfood serve, exported"], photos, arguments.memory)
            return
        os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        servers["a dozen lines around learn.predict"] = [sys.executable, str(HERE), "--fastai", place + "/photos"]
        speed(servers, photos, arguments)


def trained(folder: Path) -> str:
    """Train a run on the drawn photos and return its folder."""
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    command = kfood("train", "mission1", "--data", str(folder / "photos"), "--runs", str(folder / "runs"), *settings)
    subprocess.run([*command, "--set", "training.batch_size=8"], check=True, stdout=subprocess.DEVNULL)
    return str(next((folder / "runs").glob("*/*/model.json")).parent)


if __name__ == "__main__":
    main()
