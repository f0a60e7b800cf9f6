"""How often maps that know nothing of their photos are said to show what decides, and how often true maps are.

usage: python tests/benchmarks/faithfulness_rates.py [--cases 2000] [--pool 200]

The network is sure to decide by a patch that lies near the middle (`support/planted.py`). "middle": blobs near it.
Whether maps change when weights are at random is left out here; it could only lower the rates.

Every map of a pool is tried on every photo of a pool once; cases are drawn from these.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

from kfood.interpretation import faithfulness as module
from kfood.interpretation.activation import maps_of_batch
from support import planted

SIZES = (12, 24, 48)
CURVES = module._curves
CENTRE = -1  # the number of the map in the middle


def pooled(kind: str, pool: int) -> np.ndarray:
    """Return the curves of every map, the last one in the middle, on every photo: 2 x maps x photos x shares."""
    rng, network = torch.Generator().manual_seed(7), planted.network()
    photos, classes = planted.photos(pool, rng)
    true = kind == "true"
    maps = maps_of_batch(network, photos, classes) if true else planted.random_maps(pool, rng, kind)
    every = np.arange(pool)
    tried, judged = np.repeat(every, pool), np.tile(every, pool)
    of_maps = CURVES(network, photos, classes, maps, tried, judged).view(2, pool, pool, -1)
    of_centre = CURVES(network, photos, classes, module._centre(planted.SIDE), np.zeros_like(every), every)
    return torch.cat([of_maps, of_centre[:, None]], dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--pool", type=int, default=200)
    asked = parser.parse_args()
    print(
        f"share of {asked.cases} cases with the interval above 0: over other photos' maps, over the middle, over both"
    )
    for kind in ("smooth", "middle", "noise", "true"):
        curves, rng = pooled(kind, asked.pool), np.random.default_rng(0)
        for n in SIZES:
            found = []
            for _ in range(asked.cases):
                photos = rng.choice(asked.pool, n, replace=False)
                maps = photos if kind == "true" else rng.choice(asked.pool, n, replace=False)

                def known(*parts: object, photos: np.ndarray = photos, maps: np.ndarray = maps) -> torch.Tensor:
                    tried, judged = parts[4:]
                    centre = len(parts[3]) == 1
                    return curves[:, CENTRE if centre else maps[tried], photos[judged]]  # noqa: B023

                module._curves = known
                _, swapped, centre = module.compared(None, torch.zeros(n, 3, 4, 4), [], torch.zeros(n, 2, 2))
                found.append((swapped.low > 0, centre.low > 0, swapped.low > 0 and centre.low > 0))
            rates = np.mean(found, axis=0)
            print(f"  {kind:7} n = {n:3}  " + "  ".join(f"{rate:6.3f}" for rate in rates), flush=True)


if __name__ == "__main__":
    main()
