"""Whether calibrated answers keep what they say, on photos.

usage: python tests/benchmarks/calibration.py splits RUN [--splits 20]
       python tests/benchmarks/calibration.py strangers PHOTOS [--folds 4] [--minutes 3] [--not-food FOLDER]
                                                       [--runs FOLDER]
       python tests/benchmarks/calibration.py drift RUN [--draws 20] [--photos 100]

`splits`: validation and test photos of a trained run change places at random, whole plates, as many as before; what is
fitted on one part is judged on the other: coverage and size of sets, ECE, and dishes and groups (`GROUPS`) at 0.95.

`strangers`: a fold of dishes is left out, `best` is trained on the others and calibrated. How strange are all photos of
the dishes left out, and photos of no food: noise, textures and scikit-learn's pictures, drawn here, and those of a
folder? Runs that are there already are used again.

`drift`: of a run's validation and test photos, some are drawn as new ones, one of each plate, as they are and with a
difference: how often is it found?
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from kfood.calibration.features import features_of_run, head_of_run
from kfood.calibration.fit import at_temperature, calibrate_run
from kfood.calibration.judged import Judged, judged_split
from kfood.calibration.levels import DISH, GROUP, fit_levels, group_numbers
from kfood.calibration.sets import fit_sets
from kfood.data.prepare import prepare_samples
from kfood.drift.search import drawn
from kfood.drift.shifts import CHANGES, OTHER_DISHES, changed_features, powers, with_dishes
from kfood.evaluation.embeddings import embed
from kfood.evaluation.predictions import class_names
from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.statistics.auroc import auroc
from kfood.statistics.conformal import coverage_band, share_as_strange
from kfood.statistics.estimates import share_interval
from kfood.statistics.expected_calibration_error import judge_calibration_error, top_calibration_error
from kfood.statistics.intervals import wilson
from kfood.statistics.one_of_each import one_of_each
from kfood.statistics.ood_scores import OOD_SCORES, Photos, fit_ood_score, logits_of, ood_score
from kfood.statistics.temperature import fit_temperature
from kfood.statistics.two_sample import LEVEL, gaussian_kernel, two_sample_p
from kfood.training.train import train

COVERAGE, ACCURACY, REFUSE = 0.9, 0.95, 0.05
GROUPS = {
    "찌개": "김치찌개 된장찌개",
    "탕과 국밥": "감자탕 삼계탕 순대국밥",
    "국수와 국": "떡국 라면 짜장면 짬뽕 칼국수",
    "구이와 볶음": "고등어구이 불고기 삼겹살 제육볶음",
    "밥": "김밥 비빔밥",
    "분식": "떡볶이 만두",
    "튀김과 전": "양념치킨 파전",
}
GROUP_OF = {dish: group for group, dishes in GROUPS.items() for dish in dishes.split()}
DRAWN = 300  # photos of no food
SIDE = 320  # of those, in pixels


def splits(run: Run, number: int) -> None:
    """Print what comes of each split, and how many keep what they say."""
    classes = class_names(run.predictions)
    valid, test = (judged_split(run, split) for split in ("valid", "test"))
    pooled = _pooled(valid, test)
    rows = []
    for seed in range(number):
        rows.append(_of_split(*_split(pooled, len(np.unique(valid.groups)), seed), classes))
    table = pd.DataFrame(rows)
    print(table.round(4).to_string(index=False))
    print(f"within the band: {table['within'].sum()} of {number}; mean size {table['size'].mean():.3f}")
    good = (table["ece"] <= 0.03) | (table["ece_low"] == 0)
    print(f"ECE at most 0.03 or touching 0: {good.sum()} of {number}; mean {table['ece'].mean():.4f}")
    print(table[["top-1", "dishes", "dish right", "answered", "right"]].mean().round(4).to_string())


def _pooled(valid: Judged, test: Judged) -> Judged:
    groups = np.concatenate([valid.groups, test.groups + valid.groups.max() + 1])
    shares = np.concatenate([valid.probabilities, test.probabilities])
    return Judged(valid.paths + test.paths, shares, np.concatenate([valid.labels, test.labels]), groups)


def _split(pooled: Judged, plates: int, seed: int) -> tuple[Judged, Judged]:
    names = np.unique(pooled.groups)
    chosen = np.random.default_rng(seed).permutation(names)[:plates]
    first = np.isin(pooled.groups, chosen)
    return pooled.of(first), pooled.of(~first)


def _of_split(valid: Judged, test: Judged, classes: list[str]) -> dict[str, object]:
    temperature = fit_temperature(valid.probabilities, valid.labels, valid.groups).value
    sets = fit_sets(valid, "lac", COVERAGE, False, classes)
    sizes = sets.members(test.probabilities).sum(axis=1)
    drawn = test.of(one_of_each(test.groups))
    hits = sets.members(drawn.probabilities)[np.arange(len(drawn.labels)), drawn.labels]
    low, high = coverage_band(len(sets.scores), len(hits), COVERAGE)
    valid, test = (at_temperature(photos, temperature) for photos in (valid, test))
    ece = judge_calibration_error(top_calibration_error, test.probabilities, test.labels, test.groups)
    levels = fit_levels(valid, [GROUP_OF.get(name, name) for name in classes], ACCURACY)
    level = levels.level_of(test.probabilities)
    right = test.probabilities.argmax(axis=1) == test.labels
    of_group = levels.of_groups(test.probabilities).argmax(axis=1) == group_numbers(levels, test.labels)
    answered = np.isin(level, (DISH, GROUP))
    return {
        "temperature": temperature,
        "coverage": hits.mean(),
        "within": low <= hits.mean() <= high,
        "size": sizes.mean(),
        "ece": ece.value,
        "ece_low": ece.low,
        "ece_high": ece.high,
        "top-1": right.mean(),
        "dishes": (level == DISH).mean(),
        "dish right": right[level == DISH].mean() if (level == DISH).any() else np.nan,
        "answered": answered.mean(),
        "right": np.where(level == GROUP, of_group, right)[answered].mean() if answered.any() else np.nan,
    }


def strangers(photos: str, folds: int, minutes: float, not_food: Path | None, runs: Path) -> None:
    """Print, fold by fold, how well each score knows what was never learned, and what is refused."""
    samples = prepare_samples(load_recipe("best", [], photos).data).samples
    classes = sorted(samples["label"].unique())
    fold_of = np.random.default_rng(0).permutation(len(classes)) % folds
    rows = []
    for fold in range(folds):
        out = [name for name, of in zip(classes, fold_of, strict=True) if of == fold]
        run = _trained([name for name in classes if name not in out], photos, minutes, runs / f"fold{fold}")
        others = {"dishes": samples[samples["label"].isin(out)], "no food": _no_food(runs / "no-food", not_food)}
        rows += _of_fold(run, fold, others)
    table = pd.DataFrame(rows)
    print(table.round(4).to_string(index=False))
    print(table.groupby(["strangers", "score"])["auroc"].agg(["mean", "min", "max"]).round(4).to_string())
    print(table[table["chosen"]].groupby("strangers")["auroc"].agg(["mean", "min", "max"]).round(4).to_string())


def _trained(classes: list[str], photos: str, minutes: float, folder: Path) -> Run:
    if Run(folder).status != "done":
        recipe = load_recipe("best", [f"data.classes={','.join(classes)}"], photos)
        train(recipe, folder.parent, folder, minutes=minutes)
    return Run(folder)


def _of_fold(run: Run, fold: int, others: dict[str, pd.DataFrame]) -> list[dict[str, object]]:
    found = calibrate_run(run)
    valid, test = (judged_split(run, split) for split in ("valid", "test"))
    features = features_of_run(run, found.classes, valid, test)
    drawn = one_of_each(valid.groups)
    rows = []
    strange = {name: embed(samples, run) for name, samples in others.items()}
    for kind in OOD_SCORES:
        arrays = fit_ood_score(kind, features.train, features.head)
        known, scored = (ood_score(kind, each, arrays) for each in (features.valid, features.test))
        refused = pd.Series(share_as_strange(scored, known[drawn]) <= REFUSE)
        low, high = share_interval(refused, pd.Series(test.groups))
        for name, vectors in strange.items():
            asked = Photos(vectors, logits_of(features.head, vectors), np.empty(0, int))
            scores = ood_score(kind, asked, arrays)
            rows.append(
                {
                    "fold": fold,
                    "strangers": name,
                    "n": len(scores),
                    "score": kind,
                    "chosen": found.none_of_these is not None and kind == found.none_of_these.kind,
                    "on validation": np.mean(found.none_of_these.aurocs[kind]) if found.none_of_these else np.nan,
                    "auroc": auroc(scores, scored),
                    "refused": (share_as_strange(scores, known[drawn]) <= REFUSE).mean(),
                    "known refused": refused.mean(),
                    "low": low,
                    "high": high,
                }
            )
    none = found.none_of_these
    if none:
        refused = pd.Series(none.refused(none.share_of_test()))
        low, high = share_interval(refused, pd.Series(test.groups))
        for name, vectors in strange.items():
            shares = none.share(vectors)
            row = {"fold": fold, "strangers": name, "n": len(shares), "score": "as answered", "chosen": False}
            row |= {"auroc": auroc(-shares, -none.share_of_test()), "refused": none.refused(shares).mean()}
            rows.append(row | {"known refused": refused.mean(), "low": low, "high": high})
    return rows


def drift(run: Run, draws: int, photos: int) -> None:
    """Print in how many draws the test finds a difference at 0.05, and the power that kfood data drift says."""
    known = drawn(run.samples[run.samples["split"] != "train"])
    features = embed(known, run)
    predicted = logits_of(head_of_run(run), features).argmax(axis=1)
    pools = {words: changed_features(run, known, change) for words, change in CHANGES.items()}
    rng, rows = np.random.default_rng(0), []
    for words in ("the same source", *CHANGES, OTHER_DISHES):
        found = []
        for _ in range(draws):
            before, new = with_dishes(predicted, photos, rng) if words == OTHER_DISHES else _parted(known, photos, rng)
            both = np.concatenate([features[before], pools.get(words, features)[new]])
            found.append(two_sample_p(gaussian_kernel(both), np.arange(len(both)) >= len(before)))
        low, high = wilson(sum(p <= LEVEL for p in found), draws)
        rows.append((words, sum(p <= LEVEL for p in found), draws, low, high, np.median(found)))
    columns = ["difference", "found", "of", "low", "high", "median p"]
    print(pd.DataFrame(rows, columns=columns).round(4).to_string(index=False))
    print(powers(run, known, features, predicted, photos).to_string(index=False))


def _parted(known: pd.DataFrame, photos: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    order = rng.permutation(len(known))
    return order[photos:], order[:photos]


def _no_food(folder: Path, more: Path | None) -> pd.DataFrame:
    """Return photos of no food: drawn into the folder once, and those of another folder, cut into squares."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        rng = np.random.default_rng(0)
        pictures = _pictures(more)
        for number in range(DRAWN):
            kind = number % 4
            pixels = _cut(rng, pictures) if kind < 2 else _texture(rng) if kind == 2 else _noise(rng)
            Image.fromarray(pixels).save(folder / f"{number:03}.jpg", quality=92)
    return pd.DataFrame({"path": sorted(map(str, folder.glob("*.jpg")))})


def _pictures(more: Path | None) -> list[np.ndarray]:
    from sklearn.datasets import load_sample_images

    files = (
        [file for file in sorted(more.rglob("*")) if file.suffix.lower() in (".jpg", ".jpeg", ".png")] if more else []
    )
    return [*load_sample_images().images, *(np.asarray(Image.open(file).convert("RGB")) for file in files)]


def _cut(rng: np.random.Generator, pictures: list[np.ndarray]) -> np.ndarray:
    picture = pictures[rng.integers(len(pictures))]
    side = int(min(picture.shape[:2]) * rng.uniform(0.4, 1))
    top, left = (rng.integers(0, length - side + 1) for length in picture.shape[:2])
    return np.asarray(Image.fromarray(picture[top : top + side, left : left + side]).resize((SIDE, SIDE)))


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Waves of a few directions in two colours."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = sum(np.sin(2 * np.pi * (rng.uniform(-12, 12) * x + rng.uniform(-12, 12) * y)) for _ in range(3))
    share = (waves > 0)[..., None] if rng.random() < 0.5 else (waves[..., None] + 3) / 6
    first, second = rng.integers(0, 256, (2, 3))
    return (first * share + second * (1 - share)).astype(np.uint8)


def _noise(rng: np.random.Generator) -> np.ndarray:
    """Noise of any coarseness, grey or in colours."""
    coarse = int(2 ** rng.uniform(1, 8))
    pixels = rng.integers(0, 256, (coarse, coarse, int(rng.choice([1, 3]))), np.uint8)
    small = Image.fromarray(np.broadcast_to(pixels, (coarse, coarse, 3)).copy())
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["splits", "strangers", "drift"])
    parser.add_argument("where", help="a run folder, or a folder of photos")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--not-food", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("runs-calibration"))
    asked = parser.parse_args()
    if asked.what == "splits":
        splits(Run(asked.where), asked.splits)
    elif asked.what == "drift":
        drift(Run(asked.where), asked.draws, asked.photos)
    else:
        strangers(asked.where, asked.folds, asked.minutes, asked.not_food, asked.runs)


if __name__ == "__main__":
    main()
