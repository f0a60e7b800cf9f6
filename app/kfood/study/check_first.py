"""What can be wrong with a study that no photo needs to be opened to see: told before the work begins."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from kfood.errors import KfoodError
from kfood.model.body import timm_name
from kfood.recipes.class_weights import weights_by_number
from kfood.recipes.schema import Recipe
from kfood.study.schema import Table
from kfood.study.trainings import Terms, row_recipe
from kfood.training.check_first import check_without_photos

log = logging.getLogger(__name__)


def check_networks(terms: Terms, tables: list[Table], folder: Path) -> None:
    """Check the network of a study's base, and that timm knows those of its rows.

    A row that fails otherwise, such as by a size, is told as failed; the others are trained.

    Raises:
        KfoodError: as `check_without_photos`; or a row, which is named, has an unknown network.
    """
    check_without_photos(terms.base, folder)
    for where, recipe in _rows(terms, tables):
        try:
            timm_name(recipe.model.arch)
        except KfoodError as error:
            raise KfoodError(f"{where}: {error}") from None


def check_classes_of(terms: Terms, tables: list[Table], counts: Mapping[str, int]) -> None:
    """Check class weights against the classes of the photos, and warn of rows that have one for no class.

    Such a row fails alone: a study may have rows about dishes that are not among these photos.

    Raises:
        KfoodError: the base has a weight for no class.
    """
    weights_by_number(terms.base.loss.class_weights, sorted(counts))
    for where, recipe in _rows(terms, tables):
        if _photos_of(recipe) != _photos_of(terms.base):
            continue
        try:
            weights_by_number(recipe.loss.class_weights, sorted(counts))
        except KfoodError as error:
            log.warning("%s will fail: %s", where, error)


def _photos_of(recipe: Recipe) -> tuple[str, str, tuple[str, ...]]:
    return recipe.data.root, recipe.data.subset, recipe.data.classes


def _rows(terms: Terms, tables: list[Table]) -> Iterator[tuple[str, Recipe]]:
    """Yield each row in words and as a recipe, as far as it has one without what earlier tables carry on."""
    for table in tables:
        for row in table.rows:
            try:
                recipe = row_recipe(terms, table, row, {})
            except KfoodError:  # the row is told as failed
                continue
            yield f'{terms.study.name}: row "{row.name}" of the table {table.name}', recipe
