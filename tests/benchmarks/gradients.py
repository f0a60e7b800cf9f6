"""Which part of a step several processes wait for each other's gradients.

They are added up after the backward pass, as kfood did before, or by DistributedDataParallel while it runs; a step
without an exchange is what is not waiting. The three kinds of steps take turns; gloo, a CPU core for each process.

usage: python tests/benchmarks/gradients.py [--processes 2] [--arch convnext_tiny] [--size 64] [--batch 16] [--steps 12]
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from timm import create_model
from torch import Tensor, nn

from kfood.training.callbacks.data_parallel import wrap

CLASSES = 42


def backward(model: nn.Module, photos: Tensor, labels: Tensor) -> None:
    F.cross_entropy(model(photos), labels).backward()


def added_up(model: nn.Module, photos: Tensor, labels: Tensor) -> None:
    """What `SyncGradients` did until DistributedDataParallel took its place."""
    backward(model, photos, labels)
    gradients = [weights.grad for weights in model.parameters() if weights.grad is not None]
    weight = torch.ones(1)
    shared = torch.cat([*(gradient.flatten() * weight for gradient in gradients), weight])
    dist.all_reduce(shared)
    parts = (shared[:-1] / shared[-1]).split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def measure(rank: int, port: int, asked: argparse.Namespace) -> None:
    os.environ |= {"WORLD_SIZE": str(asked.processes), "RANK": str(rank)}
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=asked.processes)
    torch.manual_seed(0)
    model = create_model(asked.arch, num_classes=CLASSES).to(memory_format=torch.channels_last)
    photos = torch.randn(asked.batch // asked.processes, 3, asked.size, asked.size)
    labels = torch.arange(len(photos)) % CLASSES
    together = wrap(model, photos)

    def alone() -> None:
        with together.no_sync():
            backward(together, photos, labels)

    works = {
        "no exchange": alone,
        "added up afterwards": lambda: added_up(model, photos, labels),
        "DistributedDataParallel": lambda: backward(together, photos, labels),
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(asked.steps + 2):
        for name, work in works.items():
            model.zero_grad()
            dist.barrier()
            started = time.perf_counter()
            work()
            dist.barrier()
            if turn > 1:  # the first turns are to warm up
                seconds[name].append(time.perf_counter() - started)
    if rank == 0:
        report(seconds, asked)
    dist.destroy_process_group()


def report(seconds: dict[str, list[float]], asked: argparse.Namespace) -> None:
    print(f"{asked.processes} processes, {asked.arch}, {asked.size} px, batch {asked.batch}, {asked.steps} steps:")
    alone = statistics.median(seconds["no exchange"])
    waited = {}
    for name, each in seconds.items():
        median = statistics.median(each)
        waited[name] = max(0.0, median - alone) / median
        print(f"  {name:26} {median:6.3f} s ({min(each):.3f} to {max(each):.3f}), waiting {waited[name]:6.1%}")
    before, after = waited["added up afterwards"], waited["DistributedDataParallel"]
    print(
        f"  part of a step spent waiting, after / before: {after / before:.2f}" if before else "  nothing to wait for"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--arch", default="convnext_tiny")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=12)
    asked = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(measure, args=(port, asked), nprocs=asked.processes)


if __name__ == "__main__":
    main()
