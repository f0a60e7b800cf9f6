"""A whole study by two workers, both killed twice on the way and begun again: nothing is lost, nothing done twice.

python tests/benchmarks/killed_study.py                 # workers meet in SQLite
python tests/benchmarks/killed_study.py --postgresql    # in a PostgreSQL server of its own, where that is installed
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from kfood.run.folder import DONE, Run
from support import postgresql

KILLS = 2
STUDY = ("mission3", "--budget", "smoke", "--data", "demo")


def finished(runs: Path) -> dict[str, int]:
    """Return for each training that is done when its predictions were written."""
    made = (Run(file.parent) for file in runs.glob("studies/mission3/*/status"))
    return {run.folder.name: run.predictions_file.stat().st_mtime_ns for run in made if run.status == DONE}


def command(verb: str, runs: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "kfood", "study", verb, *STUDY, "--runs", str(runs), *more]


@contextmanager
def storage(asked: bool, folder: Path):
    if not asked:
        yield []
    elif postgresql.programs() is None:
        sys.exit("PostgreSQL is not installed: nothing was tested.")
    else:
        folder.chmod(0o755)
        place = folder / "postgresql"
        place.mkdir()
        with postgresql.server(place) as url:
            yield ["--storage", url]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--keep", type=Path, help="a new folder for the runs, which stays")
    asked = parser.parse_args()
    rng, began = random.Random(0), time.monotonic()
    made = tempfile.TemporaryDirectory(ignore_cleanup_errors=True) if asked.keep is None else nullcontext(asked.keep)
    with made as place, storage(asked.postgresql, Path(place)) as where:
        runs, seen = Path(place) / "runs", {}
        study = command("run", runs, "--workers", "2", *where)
        for _ in range(KILLS):
            workers = subprocess.Popen(study, stdout=subprocess.DEVNULL, start_new_session=True)
            wanted = len(seen) + rng.randint(4, 15)
            while len(finished(runs)) < wanted and workers.poll() is None:
                time.sleep(0.1)
            time.sleep(rng.uniform(0, 5))
            os.killpg(workers.pid, signal.SIGKILL)
            workers.wait()
            now = finished(runs)
            assert now.items() >= seen.items(), "something that was finished was lost, or done again"
            print(f"killed after {len(now)} trainings were done, {len(now) - len(seen)} of them since the last time")
            seen = now
        subprocess.run(study, check=True, stdout=subprocess.DEVNULL)
        now = finished(runs)
        assert now.items() >= seen.items(), "something that was finished was lost, or done again"
        again = subprocess.run(study, check=True, capture_output=True, text=True)
        assert finished(runs) == now, "a whole study was trained again"
        status = subprocess.run(command("status", runs, *where), check=True, capture_output=True, text=True).stdout
        print(status)
        print(f"{len(now)} trainings done, {time.monotonic() - began:.0f} s in all; asked once more, none was made")
        assert not again.stderr.strip()


if __name__ == "__main__":
    main()
