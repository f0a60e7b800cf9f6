"""Everything that `kfood doctor` looks at, in order; the proof last, because it takes a minute."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kfood.data.demo import make_demo
from kfood.doctor.machine import Diagnosis, folders, font, memory, photos, versions_and_device, weights
from kfood.doctor.proof import SUBSET, prove_resume
from kfood.errors import KfoodError
from kfood.model.device import device

_SHARE = 0.1  # of the demo photos


def examine(data: str | None, runs: Path, quick: bool) -> Iterator[Diagnosis]:
    """Yield what is found, each as soon as it is known; nothing is left on the disk.

    Args:
        data: folder, CSV or "demo"; None for what recipes would take.
        runs: the folder of all runs.
        quick: leave out the proof that a killed training can be resumed.
    """
    yield from versions_and_device()
    yield from memory()
    yield font()
    yield weights()
    yield from folders(runs)
    yield photos(data)
    if not quick:
        yield from proofs()


def proofs() -> Iterator[Diagnosis]:
    """Yield whether a killed training goes on exactly, without and with processes that load photos."""
    with tempfile.TemporaryDirectory(prefix="kfood-doctor-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        drawings = make_demo(place / "demo", _SHARE, (SUBSET,))
        for workers in (0,) if sys.platform in ("darwin", "win32") else (0, 2):
            what = f"resume, {workers} workers"
            try:
                differing = prove_resume(place, drawings, workers)
            except KfoodError as error:
                yield Diagnosis(what, "not shown", str(error), serious=True)
                continue
            yield _verdict(what, differing, on_cpu=device().type == "cpu")


def _verdict(what: str, differing: list[str], on_cpu: bool) -> Diagnosis:
    if not differing:
        return Diagnosis(what, "killed and resumed, a training ends as if it had never stopped: bit for bit")
    if on_cpu:
        advice = "a training that was killed must be started over; please report this with the output of kfood doctor"
    else:
        advice = "a GPU may add in another order each time; kfood promises it bit for bit on a CPU only"
    return Diagnosis(what, f"not exact: {', '.join(differing)} differ", advice, serious=on_cpu)
