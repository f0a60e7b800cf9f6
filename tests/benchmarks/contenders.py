"""Ways to load the same photos, to train the same network on them and to predict them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from fastai.callback.core import Callback, CancelValidException
from fastai.vision.all import (
    CategoryBlock,
    DataBlock,
    ImageBlock,
    Learner,
    Normalize,
    RandomSplitter,
    Resize,
    aug_transforms,
    get_image_files,
    parent_label,
)
from PIL import Image
from torchvision import datasets, transforms

from kfood.data.prepare import prepare_samples
from kfood.evaluation.predict import predict_logits
from kfood.model.build import build_model
from kfood.model.device import device
from kfood.model.precision import choose_precision
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Recipe
from kfood.system.memory import keep_freed_memory
from kfood.training.callbacks.terminate_on_nan import TerminateOnNaN
from kfood.training.learner import prepare_learner

CLASSES, WORKERS = 4, min(8, os.cpu_count() or 1)
HALF = [0.5] * 3
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # mallopt's names for its parameters, from malloc.h
Work = Callable[[], int]  # does it once and returns the number of photos
Contest = dict[str, Work]  # by name


class TrainOnly(Callback):
    """An epoch without its validation, so that photos a second are those of training."""

    def before_validate(self) -> None:
        raise CancelValidException


def draw_photos(folder: Path, count: int, width: int, height: int, copies: int = 1) -> None:
    """Coarse noise, enlarged and saved as JPEG: decoded at the cost of a photo of its size."""
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
        path = folder / f"class{number % CLASSES}" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(path, quality=90)
        for copy in range(1, copies):
            path.with_stem(f"{path.stem}-{copy}").hardlink_to(path)


def recipe_of(folder: Path, arch: str, size: int, batch: int, *settings: str) -> Recipe:
    own = (f"data.size={size}", f"training.batch_size={batch}", f"model.arch={arch}", "training.precision=auto")
    augment = "augment.transforms=random_crop,rotation,horizontal_flip"
    return load_recipe("mission1", [*own, augment, *settings], str(folder))


def as_torch_comes() -> None:
    """Take back what kfood tells the allocator and cuDNN, which counts for the whole process.

    glibc's thresholds grow with the blocks that a program frees, until one of them is set; then all stay where they
    are. So they are set to where they have grown to in a training that nobody tells anything (their largest). Its
    defaults, at which such a training is not after its first batches, would make it take a third longer.
    """
    torch.backends.cudnn.deterministic = False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for parameter, value in ((_MMAP_MAX, 65536), (_MMAP_THRESHOLD, 2**25), (_TRIM_THRESHOLD, 2**26)):
            mallopt(parameter, value)


def as_kfood_wants() -> None:
    """Tell the allocator and cuDNN what a training of kfood's tells them."""
    torch.backends.cudnn.deterministic = True
    keep_freed_memory()


def fastai_learner(folder: Path, arch: str, size: int, batch: int) -> Learner:
    """A dozen lines with fastai: what a good user writes."""
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_items=get_image_files,
        get_y=parent_label,
        splitter=RandomSplitter(0.2, seed=0),
        item_tfms=Resize(round(size * 1.15)),
        batch_tfms=[*aug_transforms(size=size, min_scale=0.75), Normalize.from_stats(HALF, HALF)],
    )
    dls = block.dataloaders(folder, bs=batch, num_workers=WORKERS)
    return Learner(dls, timm.create_model(arch, num_classes=CLASSES), cbs=TrainOnly())


def fits(learner: Learner, prepare: Callable[[], object]) -> Work:
    """An epoch of fastai's, after what has to be told to the allocator."""

    def train() -> int:
        prepare()
        with learner.no_bar(), learner.no_logging():
            learner.fit(1)
        return len(learner.dls.train) * learner.dls.train.bs

    return train


def loads(loader: Iterable[tuple[torch.Tensor, torch.Tensor]], prepare: Callable[[], object]) -> Work:
    """An epoch's batches, with nothing done to them."""

    def load() -> int:
        prepare()
        return sum(len(labels) for _, labels in loader)

    return load


def torch_loader(folder: Path, size: int, batch: int) -> torch.utils.data.DataLoader:
    """In the manner of torchvision's references and timm's train.py: Pillow and their transforms."""
    change = transforms.Compose(
        [
            transforms.RandomResizedCrop(size),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(HALF, HALF),
        ]
    )
    data = datasets.ImageFolder(str(folder), change)
    pin = torch.cuda.is_available()
    return torch.utils.data.DataLoader(data, batch, True, num_workers=WORKERS, drop_last=True, pin_memory=pin)


def plain_loop(folder: Path, arch: str, size: int, batch: int) -> Work:
    """A loop in the manner of torchvision's references and timm's train.py, channels last; bfloat16 on a GPU."""
    loader, where = torch_loader(folder, size, batch), device()
    model = timm.create_model(arch, num_classes=CLASSES).to(where, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def train() -> int:
        as_torch_comes()
        model.train()
        for photos, labels in loader:
            photos = photos.to(where, memory_format=torch.channels_last, non_blocking=True)
            with torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda"):
                loss = F.cross_entropy(model(photos), labels.to(where))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return len(loader) * batch

    return train


def ready_tensors(folder: Path, arch: str, size: int, batch: int) -> Work:
    """The limit: network, precision, layout, allocator and optimizer as in kfood, on one batch that lies ready."""
    recipe = recipe_of(folder, arch, size, batch)
    model = (
        build_model(recipe.model, CLASSES, size)
        .to_device(device())
        .set_precision(*choose_precision(recipe, device()))
        .train()
    )
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    photos = torch.randn(batch, 3, size, size).to(device(), memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device()) % CLASSES
    batches = 100 if device().type == "cuda" else 4

    def train() -> int:
        as_kfood_wants()
        for _ in range(batches):
            F.cross_entropy(model(photos), labels).backward()
            optimizer.step()
            optimizer.zero_grad()
        return batches * batch

    return train


def kfood_learner(folder: Path, arch: str, size: int, batch: int, *settings: str) -> Learner:
    """kfood, its cache filled before."""
    recipe = recipe_of(folder, arch, size, batch, *settings)
    learner = prepare_learner(recipe, prepare_samples(recipe.data), None)
    learner.add_cbs([TrainOnly(), TerminateOnNaN()])
    return learner


def fastai_predicts(folder: Path, arch: str, size: int) -> Work:
    """fastai's get_preds on all photos."""
    block = DataBlock((ImageBlock, CategoryBlock), get_items=get_image_files, get_y=parent_label)
    block = block.new(item_tfms=Resize(size), batch_tfms=Normalize.from_stats(HALF, HALF))
    dls = block.dataloaders(folder, bs=64, num_workers=WORKERS)
    learner = Learner(dls, timm.create_model(arch, num_classes=CLASSES))
    files = get_image_files(folder)

    def predict() -> int:
        as_torch_comes()
        with learner.no_bar():
            learner.get_preds(dl=dls.test_dl(files))
        return len(files)

    return predict


def kfood_predicts(folder: Path, arch: str, size: int, *settings: str) -> Work:
    """kfood on the same photos, decoded from their files unless the settings say otherwise."""
    recipe = recipe_of(folder, arch, size, 64, "training.workers=2", *settings)
    prepared = prepare_samples(recipe.data)
    learner = prepare_learner(recipe, prepared, None)

    def predict() -> int:
        as_kfood_wants()
        predict_logits(learner, prepared.samples, size)
        return len(prepared.samples)

    return predict
