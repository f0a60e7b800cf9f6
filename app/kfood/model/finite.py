"""Numbers that went wrong: weights, answers or features that are NaN or infinite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from kfood.errors import KfoodError


def require_finite_weights(tensors: Mapping[str, Tensor], source: str) -> None:
    """Check that weights are numbers.

    Args:
        tensors: of a network, by name.
        source: names where they come from, at the beginning of the sentence.

    Raises:
        KfoodError: some are NaN or infinite.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise KfoodError(
                f"{source}: weights such as {name} are no numbers (NaN or infinite): a training diverged. Train it "
                "again with a smaller learning rate, or take other weights."
            )


def require_finite_rows(rows: Tensor, names: Sequence[str], what: str) -> None:
    """Check that what a network says of each photo are numbers.

    Args:
        rows: a row a photo.
        names: of the photos.
        what: the rows, at the beginning of the sentence.

    Raises:
        KfoodError: some are NaN or infinite.
    """
    bad = torch.nonzero(~rows.isfinite().flatten(1).all(dim=1)).flatten().tolist()
    if bad:
        raise KfoodError(
            f"{what} of {len(bad)} of {len(rows)} photos, such as {names[bad[0]]}, are no numbers (NaN or infinite): "
            "the training diverged. Train again with a smaller learning rate, or with --set training.precision=float32."
        )
