"""How time and memory of looking for photos that are there twice grow with their number.

usage: python tests/benchmarks/duplicates.py [--photos 1000 10000 100000]

Pixels, hashes and features are simulated: photos are smooth spots, features lie in clusters as those of real photos do
(ten dishes of hundreds of looks), and one photo in fifty is a copy of another one. Reading the photos and running the
network is measured by `speed.py`, as both are what a training does. Each number of photos runs in a process of its own.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from growth import peak, print_growth, timed
from imagehash import phash
from PIL import Image

from kfood.data.fixes import apply_fixes, join_groups
from kfood.duplicates.align import compare_pairs
from kfood.duplicates.candidates import candidates
from kfood.duplicates.files import proposed_fixes
from kfood.duplicates.findings import describe, group_names, unreported
from kfood.duplicates.image_hashes import SIDE, ImageHashes
from kfood.duplicates.matching import COPY, NEAR, SCENE

LENGTH = 1280  # of a photo's features
COPIES = 50  # one photo in so many is a copy of another
LOOKS_LIKE = 40  # photos that are near each other in features, as those of one dish on one plate
DRAWN = 2000  # photos whose pixels and hashes are drawn; the others repeat their pixels, not their hashes


def simulate(n: int) -> tuple[ImageHashes, np.ndarray, pd.DataFrame, np.ndarray]:
    """Return hashes, features and samples of n photos, and the positions of the originals of the last n / 50."""
    rng = np.random.default_rng(0)
    copies = n // COPIES
    drawn = np.stack([_spots(rng) for _ in range(min(n, DRAWN))])
    small = drawn[rng.integers(0, len(drawn), n)]
    hashes = rng.integers(0, 256, (n, 8), dtype=np.uint8)
    mirrored = rng.integers(0, 256, (n, 8), dtype=np.uint8)
    features = np.empty((n, LENGTH), np.float32)
    centres = rng.standard_normal((max(1, n // LOOKS_LIKE), LENGTH), np.float32)
    for start in range(0, n, 4096):
        part = features[start : start + 4096]
        own = rng.standard_normal(part.shape, np.float32)
        part[:] = np.maximum(centres[rng.integers(0, len(centres), len(part))] + 0.6 * own, 0)
    originals = rng.permutation(n - copies)[:copies]
    small[:copies] = drawn[np.arange(copies) % len(drawn)]  # the detail of copies is compared, too
    small[n - copies :] = small[originals]
    features[n - copies :] = features[originals] * rng.uniform(0.9, 1.1, (copies, LENGTH)).astype(np.float32)
    for row in range(n - copies, n):
        hashes[row] = np.packbits(phash(Image.fromarray(small[row])).hash)
    split = rng.choice(["train", "valid", "test"], n, p=[0.6, 0.2, 0.2])
    names = [f"/photos/{number:06}.jpg" for number in range(n)]
    samples = pd.DataFrame({"path": names, "label": "김밥", "split": split, "subset": "", "group": names})
    samples["digest"] = [f"{number:032x}" for number in rng.permutation(n)]
    return ImageHashes(small, hashes, mirrored), features, samples, originals


def _spots(rng: np.random.Generator) -> np.ndarray:
    spots = Image.fromarray(rng.integers(0, 256, (12, 12), dtype=np.uint8))
    return np.asarray(spots.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def measure(n: int) -> dict[str, float]:
    """Look for copies among n photos; return seconds of computing by step and what was found."""
    hashes, features, samples, originals = simulate(n)
    before, began = peak(), time.perf_counter()
    row: dict[str, float] = {"photos": n, "held (MB)": (hashes.small.nbytes + features.nbytes) / 1e6}
    with timed(row, "neighbours (s)"):
        pairs = candidates(hashes, features)
    row["pairs"] = len(pairs)
    with timed(row, "comparing (s)"):
        similarity, mirrored = compare_pairs(hashes.small, pairs[["a", "b"]].to_numpy())
    kinds = np.where(similarity >= COPY, NEAR, SCENE)
    found = pairs.assign(kind=kinds, similarity=similarity, mirrored=mirrored)[similarity >= COPY]
    with timed(row, "findings (s)"):
        found = unreported(samples, found.reset_index(drop=True))
        samples["together"] = group_names(samples, found)
        describe(samples, found)
    with timed(row, "fixes (s)"):
        fixes = proposed_fixes(samples)
        apply_fixes(join_groups(samples, fixes), fixes)
    row["on the clock (s)"] = time.perf_counter() - began
    planted = set(zip(originals, range(n - len(originals), n), strict=True))
    row["copies found (%)"] = 100 * len(planted & set(zip(found["a"], found["b"], strict=True))) / max(1, len(planted))
    row["more memory (MB)"] = peak() - before
    return row


if __name__ == "__main__":
    print_growth(measure, __doc__)
