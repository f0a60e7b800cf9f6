"""Where networks run."""

from __future__ import annotations

import torch

from kfood.system.cores import limit_threads


def device() -> torch.device:
    """Return the GPU where there is one, else Apple's, else the CPU, with the cores that this process may use."""
    limit_threads()
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
