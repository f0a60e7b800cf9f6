"""The cores that this process may use, and how its threads wait for each other."""

from __future__ import annotations

import os
from collections.abc import MutableMapping


def available_cores() -> int:
    """Return how many cores this process may use: a container or an affinity mask may allow fewer than there are."""
    from joblib import cpu_count

    return int(cpu_count())


def wait_asleep(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let threads that wait for others sleep instead of spin; to be called before torch is imported.

    A thread that spins keeps a core from whoever has work for it: two trainings at once then take several times as
    long as one after the other. Whoever has set the variable (OpenMP 5.0, section 6.7) keeps what it says.
    """
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def limit_threads() -> None:
    """Let torch compute with no more threads than there are cores for this process; it counts those of the machine."""
    import torch

    cores = available_cores()
    if torch.get_num_threads() > cores:
        torch.set_num_threads(cores)
