"""A PostgreSQL server of one's own, where Debian's package or another has put one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *(Path(p) for p in os.environ["PATH"].split(os.pathsep))]
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server in an empty folder and yield its URL."""
    found, port = programs(), _free_port()
    as_whom = []
    if os.getuid() == 0:  # which PostgreSQL refuses to run as
        as_whom = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    place = folder / "data"

    def run(name: str, *arguments: str) -> None:
        subprocess.run([*as_whom, str(found / name), *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    run("initdb", "-D", str(place), "-U", "kfood", "-A", "trust", "-N")
    run("pg_ctl", "-D", str(place), "-w", "-l", str(folder / "log"), "-o", f"-p {port} -k {folder} -F", "start")
    try:
        yield f"postgresql://kfood:secret@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(place), "-m", "immediate", "stop")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
