"""Several processes that train together, as torchrun would start them, but forked from one that has imported all."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from support.killed import CONTEXT

PATIENCE = 240  # seconds, for a machine that does much else


class Ranks:
    """Processes that each do `do(*arguments)`; what each prints goes to a file of its own in `said`."""

    def __init__(self, number: int, said: Path, do: Callable[..., None], *arguments: object, **more: str) -> None:
        said.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        alike = {"WORLD_SIZE": number, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "CUDA_VISIBLE_DEVICES": ""}
        alike |= {name: os.environ[name] for name in ("KFOOD_CACHE", "KFOOD_RUNS")} | more
        self.files = [said / f"{rank}.txt" for rank in range(number)]
        self.processes = [
            CONTEXT.Process(target=_rank, args=(alike | {"RANK": rank, "LOCAL_RANK": rank}, file, do, arguments))
            for rank, file in enumerate(self.files)
        ]
        for process in self.processes:
            process.start()

    def finish(self) -> list[int | None]:
        """Wait for all and return their exit codes."""
        for process in self.processes:
            process.join(PATIENCE)
        return [process.exitcode for process in self.processes]

    def said(self) -> str:
        """What all of them have printed."""
        return "".join(file.read_text() for file in self.files)


def _rank(environment: dict[str, object], said: Path, do: Callable[..., None], arguments: tuple) -> None:
    os.environ.update({name: str(value) for name, value in environment.items()})
    import torch

    torch.set_num_threads(1)
    with said.open("w", buffering=1) as file, redirect_stdout(file), redirect_stderr(file):
        do(*arguments)


def kfood(*arguments: str) -> None:
    """The command line itself."""
    from kfood.cli.main import main

    sys.argv = ["kfood", *arguments]
    main()
