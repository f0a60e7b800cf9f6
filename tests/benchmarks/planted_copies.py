"""What `kfood data duplicates` finds of copies that were planted among real photos, and what it accuses falsely.

usage: python tests/benchmarks/planted_copies.py PHOTOS [--pair 김치찌개,된장찌개] [--pair 칼국수,떡국] [--draws 5]

For each pair and draw, another split and other photos: of each change and each place (the same class and split, the
other class, another split of the same class) so many copies are planted. The copies are made in a folder for the while;
the photos stay where they are. Then the photos are looked at as they came, all classes: what is there twice, and what
the shots of one plate (told by AI Hub's file names) are taken for.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).parents[1]))

from kfood.cli.render import print_table
from kfood.data.prepare import prepare_samples
from kfood.duplicates.matching import SCENE, find_pairs
from kfood.duplicates.search import find_duplicates
from kfood.recipes.schema import Data
from kfood.statistics.intervals import wilson
from kfood.system.files import write_csv

PLACES = ("same class", "conflict", "leak")
EACH = 3  # copies of each change and place in a draw
Rng = np.random.Generator


def cut(photo: Image.Image, rng: Rng, share: float = 0.05) -> Image.Image:
    """Cut off a share of the width and of the height, anyhow divided between the two sides."""
    width, height = photo.size
    left, top = (round(share * side * rng.random()) for side in photo.size)
    return photo.crop((left, top, left + round((1 - share) * width), top + round((1 - share) * height)))


def halved(photo: Image.Image, rng: Rng) -> Image.Image:
    return photo.resize((photo.width // 2, photo.height // 2), Image.Resampling.BICUBIC)


CHANGES = {
    "the same file": None,
    "saved again": lambda photo, rng: photo,
    "resized to a half": halved,
    "cut by 5 %": cut,
    "mirrored": lambda photo, rng: ImageOps.mirror(photo),
    "cut, mirrored and resized": lambda photo, rng: halved(ImageOps.mirror(cut(photo, rng)), rng),
    "cut by 20 %": lambda photo, rng: cut(photo, rng, 0.2),
    "turned by 5 degrees": lambda photo, rng: photo.rotate(rng.choice([-5, 5]), Image.Resampling.BICUBIC),
}


def plant(samples: pd.DataFrame, rng: Rng, folder: Path) -> pd.DataFrame:
    """Write copies; return a row for each: path, label, split, change, place, original."""
    drawn = iter(rng.permutation(len(samples)))
    labels, splits = sorted(set(samples["label"])), sorted(set(samples["split"]))
    rows = []
    for change, make in CHANGES.items():
        for place in [place for place in PLACES for _ in range(EACH)]:
            original = samples.iloc[next(drawn)]
            path = folder / f"copy-{len(rows):03}.jpg"
            if make is None:
                shutil.copy(original["path"], path)
            else:
                with Image.open(original["path"]) as photo:
                    make(photo.convert("RGB"), rng).save(path, quality=75)
            label, split = original["label"], original["split"]
            if place == "conflict":
                label = next(name for name in labels if name != label)
            if place == "leak":
                split = rng.choice([name for name in splits if name != split])
            rows.append((str(path), label, split, change, place, original["path"]))
    return pd.DataFrame(rows, columns=["path", "label", "split", "change", "place", "original"])


def look_for(pair: tuple[str, ...], photos: str, draw: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the planted copies with `found` and the like, and the pairs of copies that nobody planted."""
    samples = prepare_samples(Data(root=photos, classes=pair, split_seed=draw)).samples
    with tempfile.TemporaryDirectory() as place:
        planted = plant(samples, np.random.default_rng(draw), Path(place))
        table = pd.concat([samples, planted])[["path", "label", "split", "group"]].fillna("")
        write_csv(Path(place) / "photos.csv", table)
        findings = find_duplicates(Data(root=str(Path(place) / "photos.csv"))).findings
    ends = [frozenset(each) for each in zip(findings["path_a"], findings["path_b"], strict=True)]
    findings = findings.set_index(pd.Index(ends, tupleize_cols=False))
    wanted = [frozenset(each) for each in zip(planted["path"], planted["original"], strict=True)]
    of_planted = findings.reindex(pd.Index(wanted, tupleize_cols=False)).reset_index(drop=True)
    found = of_planted["kind"].notna() & (of_planted["kind"] != SCENE)
    planted = planted.assign(
        found=found,
        placed=found & (of_planted["finding"] == planted["place"]),
        hashed=found & (of_planted["how"] != "features"),
        scene=of_planted["kind"] == SCENE,
    )
    others = findings.loc[[end not in wanted for end in ends]]
    return planted, others[others["kind"] != SCENE]


def shares(planted: pd.DataFrame, by: str) -> pd.DataFrame:
    rows = []
    for name, part in planted.groupby(by, sort=False):
        n, found = len(part), int(part["found"].sum())
        low, high = wilson(found, n)
        others = (int(part[column].sum()) for column in ("placed", "hashed", "scene"))
        rows.append((name, n, found, f"{low:.3f}–{high:.3f}", *others))
    columns = [by, "planted", "found", "95 % interval", "finding right", "by hashes alone", "called one scene"]
    return pd.DataFrame(rows, columns=columns)


def as_they_came(photos: str) -> None:
    """Print what is there twice among all photos, and what the shots of one plate are taken for."""
    samples = prepare_samples(Data(root=photos)).samples
    pairs = find_pairs(samples)
    group, label, path = (samples[name].to_numpy() for name in ("group", "label", "path"))
    pairs = pairs.assign(
        one_plate=group[pairs["a"]] == group[pairs["b"]], one_label=label[pairs["a"]] == label[pairs["b"]]
    )
    counts = pairs.groupby(["kind", "one_plate", "one_label"]).size().rename("pairs").reset_index()
    print_table(f"{len(samples):,} photos as they came", counts)
    other = pairs[~pairs["one_plate"]].sort_values("similarity", ascending=False)
    rows = [(each.kind, each.similarity, path[each.a], path[each.b]) for each in other.itertuples()]
    print_table("Pairs that are not of one plate", pd.DataFrame(rows, columns=["kind", "alike", "photo", "and photo"]))
    sizes = samples["group"].value_counts()
    of_plates, plates = pairs[pairs["one_plate"]], int((sizes * (sizes - 1) // 2).sum())
    accused = int((of_plates["kind"] != SCENE).sum())
    low, high = wilson(accused, plates)
    print(
        f"{plates} pairs of shots of one plate: {accused} called copies ({low:.3f}–{high:.3f}), "
        f"{int((of_plates['kind'] == SCENE).sum())} shots of one scene; the most alike {of_plates['similarity'].max()}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--pair", action="append", help="two classes with a comma between; may be repeated")
    parser.add_argument("--draws", type=int, default=5)
    asked = parser.parse_args()
    began, planted, others = time.perf_counter(), [], []
    for pair in asked.pair or ["김치찌개,된장찌개", "칼국수,떡국"]:
        for draw in range(asked.draws):
            found, other = look_for(tuple(pair.split(",")), asked.photos, draw)
            planted.append(found.assign(pair=pair))
            others.append(other)
    table, accused = pd.concat(planted), pd.concat(others)
    for by in ("change", "place", "pair"):
        print_table(f"Planted copies by {by}", shares(table, by))
    counts = accused.groupby(["kind", "path_a", "path_b"]).size().rename("times").reset_index()
    print_table(f"Called copies, but not planted, in {len(planted)} draws", counts)
    print(f"{time.perf_counter() - began:.0f} s")
    as_they_came(asked.photos)


if __name__ == "__main__":
    main()
