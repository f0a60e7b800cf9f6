"""No more cores than this process may use, and threads that sleep while they wait."""

import os
import subprocess
import sys

import pytest
import torch

from kfood.cli import main
from kfood.model.device import device
from kfood.system import cores
from kfood.system.cores import limit_threads, wait_asleep

POLICY = "OMP_WAIT_POLICY"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity masks here")
def test_cores_that_an_affinity_mask_excludes_are_not_counted():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from kfood.system.cores import available_cores; print(available_cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_torch_takes_no_more_threads_than_there_are_cores(monkeypatch):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        monkeypatch.setattr(cores, "available_cores", lambda: 2)
        device()
        assert torch.get_num_threads() == 2
        monkeypatch.setattr(cores, "available_cores", lambda: 8)
        limit_threads()
        assert torch.get_num_threads() == 2  # somebody wanted few: a study's workers, OMP_NUM_THREADS
    finally:
        torch.set_num_threads(before)


def test_waiting_threads_sleep_unless_somebody_has_said_otherwise():
    nothing, said = {}, {POLICY: "ACTIVE"}
    wait_asleep(nothing)
    wait_asleep(said)
    assert (nothing, said) == ({POLICY: "PASSIVE"}, {POLICY: "ACTIVE"})


def test_the_command_says_so_before_anything_imports_torch(monkeypatch):
    monkeypatch.delenv(POLICY, raising=False)
    seen = []
    monkeypatch.setattr(main, "app", lambda **_: seen.append(os.environ.get(POLICY)))
    monkeypatch.setattr(main.sys, "argv", ["kfood"])
    main.main()
    assert seen == ["PASSIVE"]
