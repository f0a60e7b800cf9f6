"""Finished runs written by hand: nothing is trained, and every number is known."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from kfood.evaluation.metrics import summarise
from kfood.evaluation.predictions import CLASS_PREFIX, of_split
from kfood.recipes.load import load_recipe
from kfood.run.folder import DONE, Run, create_run
from kfood.system.files import write_csv, write_json, write_text

SPLITS = {"train": 0.5, "valid": 0.2, "test": 0.3}  # shares of a class's photos
HISTORY = pd.DataFrame(
    {
        "epoch": [0, 1, 2, 3],
        "lr": [0.003, 0.0005, 0.0003, 5e-08],
        "train_loss": [1.2, 0.9, 0.7, 0.65],
        "valid_loss": [1.1, 0.8, 0.75, 0.77],
        "valid_accuracy": [0.5, 0.7, 0.9, 0.8],
        "seconds": [3.0, 2.0, 2.0, 2.1],
    }
)
BEST_EPOCH = 2


def fake_run(
    folder: Path,
    photos_root: Path,
    classes: Mapping[str, int] | list[str],
    n: int = 10,
    seed: int = 0,
    *,
    settings: tuple[str, ...] = (),
    draw: bool = True,
    pixels: int = 64,
    right: float = 0.7,
    only_test: bool = False,
    file_name: str = "{:04}.jpg",
    history: pd.DataFrame = HISTORY,
) -> Run:
    """Write the folder of a finished run and return the run.

    Args:
        folder: of the run, `<recipe>/<time>-<id>` where its name matters; must be free.
        photos_root: folders of photos below it are named after the number of the class: a class may have any name.
        classes: photos of each class, or names of classes with `n` photos each.
        n: photos of a class where `classes` does not say.
        seed: of the predictions. Two runs of other seeds disagree on some photos.
        settings: as for `load_recipe`.
        draw: whether photos that are not there yet are drawn, in the colour of their class.
        pixels: their width and height.
        right: about this share of the photos is predicted right.
        only_test: whether all photos are in the test split.
        file_name: of a photo, by its number in its class.
        history: the learning curve.
    """
    counts = dict(classes) if isinstance(classes, Mapping) else dict.fromkeys(classes, n)
    rng = np.random.default_rng(seed)
    samples = _samples(counts, photos_root, file_name, only_test)
    if draw:
        _draw(samples, pixels)
    predictions = _predictions(samples[samples["split"] != "train"], list(counts), rng, right)
    recipe = load_recipe("mission1", list(settings), str(photos_root))
    run = create_run(recipe, _environment(), folder)
    write_csv(run.samples_file, samples)
    write_csv(run.left_out_file, pd.DataFrame(columns=["path", "label", "split", "area", "fault"]))
    write_csv(run.history_file, history)
    write_csv(run.predictions_file, predictions)
    results = {split: summarise(of_split(predictions, split)) for split in ("valid", "test")}
    rest = {"epochs": int(history["epoch"].max()), "best_epoch": BEST_EPOCH, "seconds": 9.1, "parameters": 3_396_628}
    write_json(run.metrics_file, results | rest)
    write_text(run.status_file, DONE)
    return run


def _samples(counts: dict[str, int], root: Path, file_name: str, only_test: bool) -> pd.DataFrame:
    rows = []
    for number, (name, count) in enumerate(counts.items()):
        edges = np.cumsum(list(SPLITS.values())) * count
        for photo in range(count):
            split = "test" if only_test else list(SPLITS)[int(np.searchsorted(edges, photo, side="right"))]
            path = root / f"class{number}" / file_name.format(photo)
            rows.append(
                {"path": str(path), "label": name, "split": split, "area": "", "digest": "", "group": str(path)}
            )
    return pd.DataFrame(rows)


def _draw(samples: pd.DataFrame, pixels: int) -> None:
    for path, label in zip(map(Path, samples["path"]), samples["label"], strict=True):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng(zlib.crc32(f"{label}{path.name}".encode()))
            colour = np.random.default_rng(zlib.crc32(label.encode())).integers(40, 216, 3)
            noisy = colour + rng.normal(0, 30, (pixels, pixels, 3))
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)


def _predictions(judged: pd.DataFrame, classes: list[str], rng: np.random.Generator, right: float) -> pd.DataFrame:
    """Draw probabilities: the class with the highest is the true one for about `right` of the photos."""
    true = judged["label"].map(classes.index).to_numpy()
    logits = rng.normal(0, 1, (len(judged), len(classes)))
    favoured = np.where(rng.random(len(judged)) < right, true, rng.integers(0, len(classes), len(judged)))
    logits[np.arange(len(judged)), favoured] += 4
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = judged[["path", "split", "label"]].reset_index(drop=True)
    table["predicted"] = [classes[number] for number in shares.argmax(axis=1)]
    table["probability"] = shares.max(axis=1)
    table["loss"] = -np.log(shares[np.arange(len(judged)), true])
    return table.join(pd.DataFrame(shares, columns=[CLASS_PREFIX + name for name in classes])).round(7)


def _environment() -> dict[str, object]:
    return {
        "python": "3.11.7",
        "platform": "Linux",
        "packages": {"kfood": "0.1.0", "torch": "2.14.1"},
        "device": "cpu",
        "threads": 2,
        "git_commit": None,
        "command": ["kfood", "train", "mission1"],
        "data": "a folder for each class",
        "data_fingerprint": "eedccbb60ddd02db",
        "precision": "float32",
        "started_from": None,
    }
