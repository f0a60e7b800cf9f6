"""Whether there may be a GPU, without importing torch, which takes seconds to say so for certain."""

from __future__ import annotations

import os
import shutil
import sys


def may_have_gpu() -> bool:
    """Return False where torch would find no GPU; in doubt True."""
    if sys.platform != "linux":
        return sys.platform == "darwin" or shutil.which("nvidia-smi") is not None
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return (os.path.exists("/dev/nvidiactl") and not hidden) or os.path.exists("/dev/kfd")
