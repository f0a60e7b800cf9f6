"""How often maps that know nothing of their photos are said to show what decides, and how often true maps are.

usage: python tests/benchmarks/faithfulness_rates.py [--cases 1000]

The network is sure to decide by a patch that lies near the middle (`support/planted.py`). "middle": blobs near it.
Whether maps change when weights are at random is left out here, which could only make the rates of the first rows lower.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from kfood.interpretation.activation import maps_of_batch
from kfood.interpretation.faithfulness import compared
from support import planted

SIZES = (12, 24, 48)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    cases = parser.parse_args().cases
    network = planted.network()
    print(f"share of {cases} cases with the interval above 0: over other photos' maps, over the middle, over both")
    for kind in ("noise", "smooth", "middle", "true"):
        for n in SIZES:
            rng, found = torch.Generator().manual_seed(n), []
            for _ in range(cases if kind != "true" else cases // 10):
                photos, classes = planted.photos(n, rng)
                true = kind == "true"
                maps = maps_of_batch(network, photos, classes) if true else planted.random_maps(n, rng, kind)
                _, swapped, centre = compared(network, photos, classes, maps)
                found.append((swapped.low > 0, centre.low > 0, swapped.low > 0 and centre.low > 0))
            rates = torch.tensor(found).double().mean(0).tolist()
            print(f"  {kind:7} n = {n:3}  " + "  ".join(f"{rate:6.3f}" for rate in rates), flush=True)


if __name__ == "__main__":
    main()
