"""Where networks run."""

from __future__ import annotations

import torch


def device() -> torch.device:
    """Return the GPU where there is one, else Apple's, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
