"""`kfood predict` by a run and by an exported model: photos a second, memory, and how soon one photo is answered.

usage: python tests/benchmarks/predict.py [speed memory start] [--photos 2000] [--repetitions 3] [--listed 2000 200000]

speed   a folder of 640-pixel JPEGs, EfficientNet-Lite0 at 192 pixels with weights at random, all in one process and in
        turns: kfood with the exported model, with the run (its kept graph), and with the run's network in torch;
        fastai's get_preds. A ratio above 1 means that kfood is faster. The JPEGs are drawn once and kept in the
        temporary folder.
memory  the largest memory of whole processes that predict listed photos (hard links to a few small ones) by a tiny
        network; the list names as many paths as asked for
start   seconds of whole processes that answer one photo, each after one that was not counted
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIXELS, ARCH, SIZE = 640, "tf_efficientnet_lite0", 192
TINY, TINY_SIZE = "test_resnet", 32
WHAT = ["speed", "memory", "start"]
LINKS = 1000  # of one file, of which file systems allow so many only
CLASSES = ["갈비찜", "김밥", "된장찌개", "떡볶이"]

# A process begins with the largest memory of the one that starts it, so a small one must.
_LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def untrained(folder: Path, arch: str, size: int) -> Path:
    """Make a finished run with weights at random, and `model.onnx` in `folder`; return the run's folder."""
    import torch

    from kfood.exporting.graph import export_graph
    from kfood.model.build import build_model
    from kfood.model.saved import Description, save_model
    from kfood.recipes.load import load_recipe
    from kfood.run.folder import DONE, Run, create_run
    from kfood.system.files import write_text

    recipe = load_recipe("mission1", [f"model.arch={arch}", f"data.size={size}", "model.pretrained=false"])
    run: Run = create_run(recipe, {"precision": "float32"}, folder / "runs" / arch / "20261129-000000-0000")
    torch.manual_seed(0)
    model = build_model(recipe.model, len(CLASSES), size)
    half = [0.5] * 3
    about = Description(arch, recipe.model.head, recipe.model.dropout, CLASSES, size, 1, "squish", "none", half, half)
    save_model(model, about, run.weights_file, run.model_file)
    run.checksums.add(run.weights_file, run.model_file)
    write_text(run.status_file, DONE)
    export_graph(run, folder / "model.onnx")
    return run.folder


def measure_speed(place: Path, photos: int, repetitions: int) -> None:
    """Print photos a second and the ratios."""
    import contenders as by
    from speed import compare, show

    from kfood.prediction.load import load_predictor
    from kfood.prediction.predictor import Predictor
    from kfood.prediction.run_predictor import RunPredictor
    from kfood.prediction.sources import find_photos
    from kfood.prediction.stream import predicted_rows
    from kfood.run.folder import Run

    folder = Path(tempfile.gettempdir()) / f"kfood-photos-{PIXELS}-{photos}"
    if not folder.is_dir():
        by.draw_photos(place / "drawn", photos, PIXELS, PIXELS)
        (place / "drawn").rename(folder)
    run = untrained(place, ARCH, SIZE)

    photo = next(folder.rglob("*.jpg"))
    peak_of("predict", photo, run)  # makes the graph, which no process that has torch already does

    def kfood(predictor: Predictor) -> by.Work:
        def predict() -> int:
            by.as_kfood_wants()
            return sum(1 for _ in predicted_rows(predictor, find_photos([folder]), 3))

        return predict

    ways = {
        "exported model": load_predictor(place / "model.onnx"),
        "run": load_predictor(Run(run), 1),
        "run, in torch": RunPredictor(Run(run)),
    }
    works = {name: kfood(predictor) for name, predictor in ways.items()}
    works["fastai's get_preds"] = by.fastai_predicts(folder, ARCH, SIZE)
    rates = compare(works, repetitions)
    for name in ways:
        others = {other: rate for other, rate in rates.items() if other != name}
        show(f"{name}: {photos} photos of {PIXELS} pixels, {ARCH}", others | {"kfood": rates[name]})


def measure_memory(place: Path, counts: list[int]) -> None:
    """Print the largest memory by number of photos, for the run and the exported model."""
    import contenders as by

    run = untrained(place, TINY, TINY_SIZE)
    by.draw_photos(place / "few", -(-max(counts) // LINKS), TINY_SIZE, TINY_SIZE)
    few = sorted((place / "few").rglob("*.jpg"))
    (place / "many").mkdir()
    for number in range(max(counts)):
        os.link(few[number // LINKS], place / "many" / f"{number:07}.jpg")
    peak_of("predict", few[0], run)  # makes the graph, for which torch is imported
    for name, model in {"run": run, "exported model": place / "model.onnx"}.items():
        peaks = []
        for count in counts:
            (place / "list.txt").write_text("".join(f"many/{number:07}.jpg\n" for number in range(count)))
            started = time.perf_counter()
            peaks.append(peak_of("predict", place / "list.txt", model, "--out", place / "rows.csv"))
            seconds = time.perf_counter() - started
            print(f"  {name:16} {count:8} photos listed: {peaks[-1]:6.0f} MB, {seconds:6.1f} s")
            (place / "rows.csv").unlink()
        print(f"  {name:16} grows by {max(peaks) - min(peaks):.0f} MB")


def measure_start(place: Path, repetitions: int) -> None:
    """Print the seconds that one photo takes."""
    import contenders as by
    from processes import in_turns

    from kfood.exported import predict as script

    run = untrained(place, ARCH, SIZE)
    by.draw_photos(place / "one", 1, PIXELS, PIXELS)
    (photo,) = (place / "one").rglob("*.jpg")
    (place / "predict.py").write_bytes(Path(script.__file__).read_bytes())
    works = {
        "import fastai.vision.all": ["-c", "import fastai.vision.all"],
        "predict.py PHOTO": [place / "predict.py", photo],
        "kfood predict PHOTO model.onnx": ["-m", "kfood", "predict", photo, place / "model.onnx"],
        "kfood predict PHOTO RUN": ["-m", "kfood", "predict", photo, run],
    }
    first = in_turns({name: (sys.executable, *arguments) for name, arguments in works.items()}, repetitions)
    seconds = first["kfood predict PHOTO RUN"]
    print(f"  kfood predict PHOTO RUN took {seconds:.2f} s the first time, when the graph is made")


def peak_of(*command: object) -> float:
    """Run `kfood` and return its largest memory, in MB."""
    words = [sys.executable, "-c", _LAUNCHER, sys.executable, "-m", "kfood", *map(str, command)]
    kilobytes = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return int(kilobytes) / (1024 if sys.platform == "linux" else 1024**2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=[*WHAT, []], default=WHAT)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--listed", type=int, nargs="+", default=[2000, 200_000])
    asked = parser.parse_args()
    for what in asked.what:
        print(what)
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            os.environ["KFOOD_CACHE"] = f"{place}/cache"
            if what == "speed":
                measure_speed(place, asked.photos, asked.repetitions)
            elif what == "memory":
                measure_memory(place, asked.listed)
            else:
                measure_start(place, asked.repetitions)


if __name__ == "__main__":
    main()
