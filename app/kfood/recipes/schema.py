"""What a recipe may say. Every key, its meaning, range and default stand here and nowhere else."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from kfood.text import printable

# AI Hub names the shots of one plate 02_021_02011038_160525637187327_0.jpg, …_1.jpg: the part before the
# last number is the plate.
AI_HUB_PLATE = r"^(\d+_\d+_\d+_\d+)_\d+$"


def nfc(name: str) -> str:
    """Return `name` as people type it: Hangul composed (NFC), as macOS does not store it."""
    return unicodedata.normalize("NFC", name)


def _as_list(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Let `--set data.classes=김밥,라면` stand for a list, where TOML would want brackets and quotes."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _folder_name(name: str) -> str:
    """Keep a recipe's runs inside the folder of all runs."""
    if not name or name.startswith(".") or set(name) & set("/\\"):
        raise ValueError("must not be empty, begin with a dot or hold a slash, because it names the folder of the runs")
    if printable(name) != name or len(name.encode()) > 200:
        raise ValueError("must not hold control characters or be longer than 200 bytes, because it names a folder")
    return name


def _file_name(name: str) -> str:
    if "\0" in name:
        raise ValueError("must not hold a NUL, as no name of a file does")
    return name


def _absolute(name: str) -> str:
    """Let a run's recipe mean the same file from every folder."""
    return str(Path(os.path.expanduser(name)).absolute()) if name else ""


ClassName = Annotated[str, AfterValidator(nfc)]
FileName = Annotated[str, AfterValidator(_file_name)]
AbsoluteFile = Annotated[FileName, AfterValidator(_absolute)]
JOINS = "+"  # between the names of networks that are one model together
OF_RUN = "of_run"  # in the context of a validation: a run was trained with it
Share = Annotated[float, Field(gt=0, lt=1)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class RecipeSection(BaseModel):
    """A table of a recipe: unknown keys and values that are no number are errors; nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(RecipeSection):
    """Which photos, how they are split, and how they come to the network's input size."""

    root: FileName = ""  # folder or CSV; "demo" for the drawn photos; "" for KFOOD_DATA, else the demo
    subset: Literal["kfood", "kfood_health"] = "kfood"  # which of the camp's two data sets
    classes: Annotated[tuple[ClassName, ...], BeforeValidator(_as_list)] = ()  # keep only these; () keeps all
    valid: Share = 0.2  # share of the training photos that is held out to choose by
    test: Share = 0.2  # share that is held out to report; used only where no test folder is given
    split_seed: int = Field(0, ge=0)
    per_class: int = Field(0, ge=0)  # at most this many photos of a class, over all splits; 0 for all of them
    group: str = AI_HUB_PLATE  # photos whose names give the same group 1 stay in one split; "" for none
    size: int = Field(224, ge=32, le=1024)  # pixels, a square
    presize: float = Field(1.0, ge=1, le=3)  # photos are resized to size x presize before augmentation
    resize: Literal["squish", "crop", "pad"] = "squish"  # crop and pad: at random in training, centred elsewhere
    denoise: Literal["none", "blur", "opening", "closing"] = "none"
    crop_area: bool = False  # cut photos to the area given in AI Hub's crop_area.properties
    cache: bool = True  # decode each photo once and keep its pixels on disk; changes nothing but time
    fixes: AbsoluteFile = ""  # CSV of photos to drop, relabel or group, from the folder you are in; "" for none
    groups: AbsoluteFile = ""  # CSV of class and its coarser group, for kfood calibrate; "" for folders above classes

    @field_validator("group")
    @classmethod
    def _group_is_a_pattern(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"is not a regular expression ({error})") from None
        if pattern and groups < 1:
            raise ValueError("needs a pair of parentheses around the part of the file name that is the group")
        return pattern


class Augment(RecipeSection):
    """Random changes to training photos, drawn again for each photo in each epoch."""

    transforms: Annotated[
        tuple[
            Literal["random_crop", "rotation", "height_shift", "shear", "horizontal_flip", "vertical_flip", "zoom"],
            ...,
        ],
        BeforeValidator(_as_list),
    ] = ()
    min_scale: Share = 0.35  # random_crop keeps at least this share of the photo's area
    max_degrees: float = Field(10, gt=0, le=180)  # rotation
    max_shift: Share = 0.1  # height_shift, as a share of the height
    max_shear: float = Field(10, gt=0, lt=80)  # degrees
    max_zoom: float = Field(1.1, gt=1, le=4)
    padding: Literal["reflection", "border", "zeros"] = "reflection"  # what fills the corners
    policy: Literal["none", "rand_augment", "trivial_augment"] = (
        "none"  # torchvision's, of colours too; before the others
    )
    magnitude: int = Field(9, ge=0, le=30)  # rand_augment: how strong its changes are
    erasing: float = Field(0.0, ge=0, le=1)  # chance that a rectangle of the photo becomes noise


class Sampling(RecipeSection):
    """What is done about classes of different size, in training photos only."""

    method: Literal["none", "over", "under"] = "none"


class Model(RecipeSection):
    """The network: a body by its timm name and a head, and what its weights start from."""

    arch: str = "resnet18"  # or several with + between them: the head is given what each makes of the photo
    head: Literal["plain", "dropout", "dropout_bn"] = "plain"
    dropout: float = Field(0.5, ge=0, lt=1)  # of the heads that have it
    intermediate_maps: int = Field(0, ge=0)  # the head is given the means of the last so many stages, too
    drop_path: float = Field(0.0, ge=0, lt=1)  # chance that a block is left out for a photo, rising from 0 to this
    start_from: FileName = ""  # a recipe (its latest finished run on these terms) or a run folder
    pretrained: bool = False  # ImageNet weights for the body
    pretrained_file: AbsoluteFile = ""  # take them from this file, in timm's names; "" for a pip package or timm's hub
    freeze_epochs: int = Field(0, ge=0)  # at the start, epochs in which only the head learns
    frozen_stages: int = Field(0, ge=0)  # the body's first stages (1 is the stem) never learn: less to compute
    freeze_norm: bool = False  # the body's batch normalisation keeps its statistics, as a probe's head knows them
    hflip_tta: bool = False  # predict with the mean over a photo and its mirror image

    @model_validator(mode="after")
    def _file_is_of_pretrained_weights(self) -> Model:
        if self.pretrained_file and not self.pretrained:
            raise ValueError("pretrained_file needs pretrained = true")
        return self


class Optimizer(RecipeSection):
    """torch's optimizers with torch's meaning of every parameter. Weight decay is L2 except in AdamW."""

    name: Literal["sgd", "rmsprop", "adam", "adamw", "nadam"] = "adam"
    lr: float = Field(0.001, gt=0, le=10)
    body_lr: float = Field(1.0, gt=0, le=1)  # the body's learning rate, as a share of `lr`, which is then the head's
    momentum: float = Field(0.0, ge=0, lt=1)  # sgd, rmsprop
    nesterov: bool = False  # sgd
    betas: Annotated[tuple[Beta, Beta], BeforeValidator(_as_list)] = (0.9, 0.999)  # adam, adamw, nadam
    eps: float = Field(1e-8, gt=0, lt=1)  # all but sgd
    weight_decay: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Optimizer:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov = true needs a momentum above 0")
        return self


class Schedule(RecipeSection):
    """How the learning rate changes: by epoch as torch's schedulers do, or one_cycle by batch."""

    name: Literal["none", "step", "exponential", "cosine", "one_cycle"] = "none"
    step_size: int = Field(10, ge=1)  # step: epochs between two drops
    gamma: float = Field(0.1, gt=0, le=1)  # step, exponential: factor of each drop
    min_lr: float = Field(1e-5, ge=0)  # cosine: the learning rate after `period` epochs, `lr` at most
    period: int = Field(0, ge=0)  # cosine: epochs; 0 means all epochs of the training
    warmup: Share = 0.25  # one_cycle: share of the training in which the learning rate rises


class Probe(RecipeSection):
    """Before the training: the head alone, on what the frozen body makes of each photo, computed once."""

    epochs: int = Field(0, ge=0)  # 0 for no probe; how many does not matter to "lbfgs"
    solver: Literal["epochs", "lbfgs"] = "epochs"  # lbfgs: logistic regression, its penalty chosen by photos left out
    views: int = Field(1, ge=1, le=100)  # of each training photo: the photo itself, then augmented ones
    # Of "epochs" alone, whose optimizer and loss are the training's:
    lr: float = Field(0.003, gt=0, le=10)  # falls to 0 along a cosine
    batch_size: int = Field(64, ge=2)
    weight_decay: float = Field(0.0, ge=0, lt=10)


class Loss(RecipeSection):
    """Cross-entropy, with its options."""

    class_weights: dict[ClassName, Annotated[float, Field(gt=0)]] = {}  # 1 for classes not named
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    gce_q: float = Field(0.0, ge=0, le=1)  # q of the generalised cross-entropy, for wrong labels (0.7 in its paper)

    @model_validator(mode="after")
    def _smooth_or_robust(self) -> Loss:
        if self.gce_q and self.label_smoothing:
            raise ValueError("gce_q and label_smoothing are two answers to wrong labels: set one of them to 0")
        return self


class Training(RecipeSection):
    """How long and in what portions."""

    epochs: int = Field(20, ge=0)  # 0 with a probe: the body stays as it is
    batch_size: int = Field(64, ge=2)  # photos for each step of the optimizer
    accumulate: int = Field(1, ge=1)  # the batch goes through the network in this many parts, to take less memory
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: bfloat16 where that is faster on this device
    sync_batchnorm: bool = False  # of several processes: batch normalisation sees the whole batch, not a part
    compile: bool = False  # torch.compile: a minute or more to begin with, then faster on some machines
    early_stopping: int = Field(5, ge=0)  # epochs without a better validation accuracy; 0 never stops
    restore_best: bool = True  # end with the weights of the best epoch, not of the last
    checkpoint_minutes: float = Field(10, ge=0)  # saves within an epoch this often, to go on from; 0: after epochs only
    mixup: float = Field(0.0, ge=0)  # alpha of the Beta distribution; 0 is off
    cutmix: float = Field(0.0, ge=0)  # the same; with both, each batch takes one of the two
    ema: float = Field(0.0, ge=0, lt=1)  # decay of an average of the weights, which is judged and kept; 0 is off
    seed: int = Field(0, ge=0, lt=2**32)
    calibrate: bool = False  # at the end: kfood calibrate, with its defaults
    workers: int = Field(-1, ge=-1)  # processes that load photos (Linux only); -1 chooses for this machine

    @model_validator(mode="after")
    def _parts_divide_the_batch(self) -> Training:
        if self.batch_size < 2 * self.accumulate:
            raise ValueError(
                f"a batch of {self.batch_size} photos cannot go through the network in {self.accumulate} parts of two "
                "or more: choose a smaller accumulate"
            )
        return self


class Candidate(RecipeSection):
    """A network that --minutes may choose, where its weights are at hand; what is not said stays the recipe's."""

    arch: str
    licence: str = Field(min_length=1)  # of the weights, as SPDX names it: see Portfolio.licences
    file: AbsoluteFile = ""  # take the weights from this file, in timm's names; "" for a pip package or timm's hub
    size: int = Field(0, ge=0, le=1024)  # pixels, where the network wants a certain size; 0 for each step's
    frozen_stages: int = Field(-1, ge=-1)  # -1 for each step's
    lr: float = Field(0, ge=0, le=10)  # 0 for each step's

    @property
    def title(self) -> str:
        """What it is called: two may be one network with other weights."""
        return f"{self.arch} ({Path(self.file).name})" if self.file else self.arch

    @property
    def changes(self) -> dict[str, Any]:
        """What it changes in a recipe, as a step of a ladder does."""
        model: dict[str, Any] = {"arch": self.arch, "pretrained": True, "pretrained_file": self.file}
        if self.frozen_stages >= 0:
            model["frozen_stages"] = self.frozen_stages
        data = {"data": {"size": self.size}} if self.size else {}
        return {"model": model} | data | ({"optimizer": {"lr": self.lr}} if self.lr else {})


class Portfolio(RecipeSection):
    """With --minutes: how the candidates are chosen, by a probe of each."""

    licences: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ("apache-2.0", "mit", "bsd-3-clause")  # allowed
    networks: int = Field(3, ge=1, le=8)  # at most, side by side in one model
    share: Share = 0.5  # of the time, at most, for probes, where the rest of it is enough for fine-tuning


class Recipe(RecipeSection):
    """A whole recipe. `name` is the file's name without its ending."""

    name: Annotated[str, AfterValidator(_folder_name)] = "recipe"
    data: Data = Data()
    augment: Augment = Augment()
    sampling: Sampling = Sampling()
    model: Model = Model()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    training: Training = Training()
    probe: Probe = Probe()
    portfolio: Portfolio = Portfolio()
    candidates: tuple[Candidate, ...] = ()  # networks, small to large: with --minutes, the best of them is taken
    ladder: tuple[dict[str, Any], ...] = ()  # changes to the above: with --minutes, the first that fits is made

    @property
    def networks(self) -> list[Recipe]:
        """The recipe with each of its joined networks alone; just itself where it has one."""
        sections = [self.model.model_copy(update={"arch": arch}) for arch in self.model.arch.split(JOINS)]
        return [self.model_copy(update={"model": section}) for section in sections]

    @model_validator(mode="after")
    def _something_learns(self) -> Recipe:
        if not self.training.epochs and not self.probe.epochs:
            raise ValueError("training.epochs is 0 and there is no probe (probe.epochs), so that nothing would learn")
        return self

    @model_validator(mode="after")
    def _solver_fits_the_head(self) -> Recipe:
        if self.probe.epochs and self.probe.solver == "lbfgs" and self.model.head == "dropout_bn":
            raise ValueError(
                'probe.solver = "lbfgs" fits a linear layer, but model.head = "dropout_bn" has a normalisation before '
                'it: take the head "plain" or "dropout"'
            )
        return self

    @model_validator(mode="after")
    def _cosine_falls(self, info: ValidationInfo) -> Recipe:
        if (info.context or {}).get(OF_RUN):
            return self
        if self.schedule.name == "cosine" and self.schedule.min_lr > self.optimizer.lr:
            raise ValueError(
                f"the cosine would rise from optimizer.lr = {self.optimizer.lr:g} to schedule.min_lr = "
                f"{self.schedule.min_lr:g}: choose a smaller min_lr"
            )
        return self
