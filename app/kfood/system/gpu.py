"""Whether there may be a GPU, without importing torch, which takes seconds to say so for certain."""

from __future__ import annotations

import os
import shutil
import sys

CHOSEN = "KFOOD_DEVICE"  # the environment variable that names the device; --device sets it


def may_have_gpu() -> bool:
    """Return False where torch would find no GPU, or is not to use it; in doubt True."""
    if os.environ.get(CHOSEN) == "cpu":
        return False
    if sys.platform != "linux":
        return sys.platform == "darwin" or shutil.which("nvidia-smi") is not None
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return (os.path.exists("/dev/nvidiactl") and not hidden) or os.path.exists("/dev/kfd")
