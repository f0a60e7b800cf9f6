"""From a recipe's data section to samples that can be trained on: found, checked, grouped, split, chosen."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kfood.data.check import check_photos, readable
from kfood.data.copies import join_copies, say_copies
from kfood.data.fixes import Fixed, apply_fixes, describe_fixes, find_fixes, join_groups
from kfood.data.fixes_file import read_fixes
from kfood.data.layouts import Layout, count_classes, read_layout
from kfood.data.split import SPLITS, add_groups, require_every_class, split_samples, subsample
from kfood.errors import DataError
from kfood.recipes.load import DEMO
from kfood.recipes.of_result import OF_PIXELS
from kfood.recipes.schema import Data
from kfood.system.os_errors import cannot_use
from kfood.system.paths import real_path
from kfood.text import did_you_mean, listed

log = logging.getLogger(__name__)
LookAhead = Callable[[Mapping[str, int]], None]


@dataclass(frozen=True)
class Prepared:
    """Samples with all their columns, the photos left out (with `fault`), and the layout in words."""

    samples: pd.DataFrame
    left_out: pd.DataFrame
    layout: str


def data_folder(data: Data) -> Path:
    """Return the folder or CSV that the photos come from, drawing the demo photos if they are asked for."""
    if data.root != DEMO:
        return real_path(data.root)
    from kfood.data.demo import demo_folder, make_demo

    try:
        return make_demo(demo_folder())
    except OSError as error:
        raise cannot_use(demo_folder(), error) from None


def find_samples(data: Data) -> Layout:
    """Recognise the layout and say it aloud."""
    folder = data_folder(data)
    layout = read_layout(folder, data.subset)
    log.info("Data: %s — %s, %d photos.", folder, layout.name, len(layout.samples))
    if data.root == DEMO:
        log.info("These are drawings made by kfood, not photos. Name a folder of yours with --data.")
    return layout


def prepare_samples(data: Data, look_ahead: LookAhead | None = None, shared: bool = False) -> Prepared:
    """Return the samples that a recipe's data section stands for.

    Args:
        data: the section.
        look_ahead: is given how many files each class has at most, before a photo is drawn or opened, and raises what
            can be said against them already.
        shared: as in `check_photos`.

    Raises:
        DataError: no photos, one class, a class with too few photos, or a class in `data.classes` that is not
            there; or what `find_fixes` raises.
    """
    if data.fixes:
        read_fixes(Path(data.fixes))  # what is wrong with the file itself
    if data.root == DEMO:
        from kfood.data.demo import demo_counts

        _look(demo_counts(data.subset), data, look_ahead)
    layout = find_samples(data)
    _look(layout.samples["label"].value_counts().to_dict(), data, look_ahead)
    found = layout.samples if data.crop_area else layout.samples.assign(area="")
    good, left_out = readable(found, check_photos(found, data_folder(data), shared))
    if good.empty:
        raise DataError(f"None of the {len(found)} photos in {data.root} can be read. See kfood data check.")
    if lost := sorted(set(found["label"]) - set(good["label"])):
        log.warning("No photo of %s can be read: the class is left out.", listed(lost))
    fixed = split_and_fix(good, data)
    samples = keep_classes(fixed.samples, data.classes)
    say_copies(samples)
    require_every_class(samples)
    counts = samples["split"].value_counts()
    log.info("%d classes; %s.", samples["label"].nunique(), ", ".join(f"{counts[name]} {name}" for name in SPLITS))
    if not data.fixes:
        return Prepared(samples, left_out, layout.name)
    dropped = fixed.dropped[fixed.dropped["label"].isin(samples["label"])]
    done = describe_fixes(Fixed(samples, dropped, fixed.fixes))
    log.info("Fixes by %s: %s.", data.fixes, done)
    left_out = pd.concat([left_out, dropped[[*left_out.columns]]], ignore_index=True)
    return Prepared(samples, left_out, f"{layout.name}; fixes: {done}")


def look_at_classes(data: Data, look_ahead: LookAhead) -> None:
    """Say what can be said against the classes, as `prepare_samples` would, by the names of folders and files alone.

    Arguments and errors are those of `prepare_samples`.
    """
    if data.root != DEMO:
        _look(count_classes(data.root, data.subset), data, look_ahead)
        return
    from kfood.data.demo import demo_counts

    _look(demo_counts(data.subset), data, look_ahead)


def _look(counts: Mapping[str, int], data: Data, look_ahead: LookAhead | None) -> None:
    """Say what can be said against these classes, a number of files each, by their names."""
    _require_classes(data.classes, sorted(counts))
    chosen = {name: files for name, files in counts.items() if not data.classes or name in data.classes}
    if len(chosen) < 2:
        require_every_class(pd.DataFrame({"label": [*chosen], "split": SPLITS[0]}))
    if look_ahead:
        look_ahead(chosen)


def split_and_fix(samples: pd.DataFrame, data: Data) -> Fixed:
    """Return samples with `group` and `split` by the recipe's shares, as few as it asks for, with its fixes applied.

    Split before classes are chosen, as groups may reach across classes, and before labels are fixed (see
    `kfood.data.fixes`). Photos of equal content are one group, whatever their names and labels.

    Args:
        samples: with `path`, `label`, `split` and `digest`.
        data: of a recipe.

    Raises:
        DataError: as `find_fixes`.
    """
    fixes = find_fixes(data.fixes, samples)
    grouped = join_groups(join_copies(add_groups(samples, data.group)), fixes)
    split = split_samples(grouped, data.valid, data.test, data.split_seed)
    return apply_fixes(subsample(split, data.per_class, data.split_seed), fixes)


def keep_classes(samples: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Keep the photos of these classes; all of them where none is named.

    Raises:
        DataError: a class is not there, with the nearest name.
    """
    if not classes:
        return samples
    _require_classes(classes, sorted(samples["label"].unique()))
    return samples[samples["label"].isin(classes)].reset_index(drop=True)


def _require_classes(classes: tuple[str, ...], there: list[str]) -> None:
    for name in classes:
        if name not in there:
            raise DataError(
                f'data.classes names "{name}", which the photos do not have.{did_you_mean(name, there)} '
                f"They have {listed(there)}."
            )


def fingerprint(samples: pd.DataFrame) -> str:
    """Return 16 hex digits that stand for these photos' contents, labels and splits, wherever they lie."""
    lines = samples["digest"] + "|" + samples["label"] + "|" + samples["split"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


class Photos:
    """The photos of data sections, each found once: sections that differ in pixels alone share them."""

    def __init__(self) -> None:
        self._known: dict[Data, tuple[pd.DataFrame, str]] = {}

    def samples(self, data: Data) -> pd.DataFrame:
        """Return the samples of a data section. Raises as `prepare_samples` does."""
        return self._found(data)[0]

    def fingerprint(self, data: Data, look_ahead: LookAhead | None = None) -> str:
        """Return what stands for the photos, labels and splits of a data section. Raises as `prepare_samples` does."""
        return self._found(data, look_ahead)[1]

    def _found(self, data: Data, look_ahead: LookAhead | None = None) -> tuple[pd.DataFrame, str]:
        which = Data(**data.model_dump(exclude=OF_PIXELS))
        if which not in self._known:
            samples = prepare_samples(which, look_ahead).samples
            self._known[which] = samples, fingerprint(samples)
        return self._known[which]
