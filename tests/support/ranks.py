"""Several processes that train together, started by torchrun's own agent, but forked from one that has imported all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from support.killed import CONTEXT

PATIENCE = 400  # seconds, for a machine that does much else


class Ranks:
    """Processes that each do `do(*arguments)`, and torchrun's agent; what they print goes to files below `said`."""

    def __init__(
        self, number: int, said: Path, do: Callable[..., None], *arguments: object, max_restarts: int = 0
    ) -> None:
        said.mkdir(parents=True, exist_ok=True)
        self.folder = said
        ours = {name: os.environ[name] for name in ("KFOOD_CACHE", "KFOOD_RUNS")}
        ours |= {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
        self.agent = CONTEXT.Process(target=_agent, args=(number, said, ours, max_restarts, do, arguments))
        self.agent.start()

    def finish(self) -> int | None:
        """Wait for all and return the agent's exit code: 0 where all have done their work."""
        self.agent.join(PATIENCE)
        if self.agent.exitcode is None:
            self.agent.kill()
        return self.agent.exitcode

    def said(self) -> str:
        """What all of them have printed, in all their attempts."""
        return "".join(file.read_text() for file in sorted(self.folder.rglob("std*.log")))


def _agent(
    number: int,
    said: Path,
    environment: Mapping[str, str],
    max_restarts: int,
    do: Callable[..., None],
    arguments: tuple[object, ...],
) -> None:
    os.environ.update(environment)
    import torch
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    torch.set_num_threads(1)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=number,
        run_id=said.name,
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        max_restarts=max_restarts,
        start_method="fork",
        logs_specs=DefaultLogsSpecs(str(said), redirects=Std.ALL),
    )
    try:
        elastic_launch(config, do)(*arguments)
    except ChildFailedError as failed:
        (said / "stderr.log").write_text(str(failed))
        sys.exit(next(iter(failed.failures.values())).exitcode)


def kfood(*arguments: str) -> None:
    """The command line itself."""
    from kfood.cli.main import main

    sys.argv = ["kfood", *arguments]
    main()
