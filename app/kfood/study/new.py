"""A study to begin with, for a person to change."""

from __future__ import annotations

from pathlib import Path

from kfood.system.files import require_new_toml, write_text

_EXAMPLE = """\
# {name}: a study of mine
#
# Every row of a table changes one thing of the recipe; all rows share photos, splits and seeds. What wins a table is
# carried on to the next (kfood study run {file} --greedy), or the row with kept = true is.
# Check it:  kfood study check {file}
# Run it:    kfood study run {file} --budget small --data FOLDER

recipe = "mission1"  # by name, or a .toml file beside this one

[settings.data]  # hold in the whole study
size = 128

[budgets.small]
about = "small: 64 pixels, half the epochs, 3 seeds"
seeds = 3
epochs = 0.5
settings.data.size = 64

[budgets.full]
about = "full"
seeds = 3

[[tables]]
name = "batch-size"
title = "Batch size"
settings.training.epochs = 10  # hold in this table

[[tables.rows]]
name = "16"
change.training.batch_size = 16

[[tables.rows]]
name = "32"
change.training.batch_size = 32

[[tables]]
name = "augmentation"
title = "Augmentation"
settings.training.epochs = 10

[[tables.rows]]
name = "none"

[[tables.rows]]
name = "crop"
change.augment.transforms = ["random_crop"]
"""


def write_example(file: Path) -> None:
    """Write a study of two tables to a new file.

    Raises:
        KfoodError: the file is there already, does not end in .toml, or its folder is not there.
    """
    require_new_toml(file, "study")
    write_text(file, _EXAMPLE.format(name=file.stem, file=file))
