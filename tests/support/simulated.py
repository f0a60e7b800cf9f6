"""Predictions whose true numbers are known: classes of different difficulty, photos that are shots of plates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

RECALLS = np.array([0.95, 0.9, 0.8, 0.7, 0.55])  # of five classes


def draw_predictions(rng: np.random.Generator, plates: int, shots: int, alike: float = 0.6) -> pd.DataFrame:
    """Return a predictions table of plates x shots photos.

    Args:
        rng: draws it.
        plates: each of one class, all classes equally often.
        shots: photos of each.
        alike: correlation of the latent normal numbers of two shots of one plate, which decide what is right (a
            Gaussian copula): 0 for independent photos, 1 where one shot tells all.
    """
    label = np.repeat(rng.integers(0, len(RECALLS), plates), shots)
    group = np.repeat(np.arange(plates), shots)
    latent = np.sqrt(alike) * rng.normal(size=plates).repeat(shots) + np.sqrt(1 - alike) * rng.normal(
        size=plates * shots
    )
    right = latent < ndtri(RECALLS[label])
    other = (label + rng.integers(1, len(RECALLS), plates).repeat(shots)) % len(RECALLS)
    names = np.array([f"c{number}" for number in range(len(RECALLS))])
    predicted = np.where(right, label, other)
    return pd.DataFrame(
        {
            "path": np.arange(len(label)).astype(str),
            "split": "test",
            "label": names[label],
            "group": group,
            "predicted": names[predicted],
            "probability": 0.8,
            "loss": -np.log(ndtr(-latent).clip(1e-6)),
        }
        | {f"p_{name}": np.where(predicted == number, 0.8, 0.05) for number, name in enumerate(names)}
    )


def true_numbers() -> dict[str, float]:
    """Return what `summarise` estimates of such photos: accuracy, balanced accuracy, macro-F1 and loss."""
    classes = len(RECALLS)
    wrong = 1 - RECALLS
    taken_for = RECALLS + (wrong.sum() - wrong) / (classes - 1)  # a wrong photo is taken for each other class alike
    # The loss is -ln of a uniform number: 1 nat.
    return {
        "accuracy": RECALLS.mean(),
        "balanced_accuracy": RECALLS.mean(),
        "macro_f1": float(np.mean(2 * RECALLS / (1 + taken_for))),
        "loss": 1.0,
    }


def coverage(rng: np.random.Generator, cases: int, plates: int, shots: int, summarise, alike: float = 0.6) -> pd.Series:
    """Return in what share of cases each number's 95 % interval, by `summarise`, held the true number."""
    truth = true_numbers()
    held = dict.fromkeys(truth, 0)
    for _ in range(cases):
        found = summarise(draw_predictions(rng, plates, shots, alike))
        for name, value in truth.items():
            held[name] += found[f"{name}_low"] <= value <= found[f"{name}_high"]
    return pd.Series(held) / cases
