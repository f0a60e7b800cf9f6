"""One pass of prediction; everything that is interpreted later reads its table."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pandas as pd
import torch
from fastai.learner import Learner
from torch import Tensor

from kfood.data.loaders import as_items
from kfood.data.threads import prediction_loader
from kfood.model.finite import require_finite_rows
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.system.collectives import gathered, my_part
from kfood.system.memory import by_halves
from kfood.system.progress import track

log = logging.getLogger(__name__)


def predict(learner: Learner, samples: pd.DataFrame, size: int, shared: bool = False) -> pd.DataFrame:
    """Predict all validation and test photos.

    Args:
        learner: its DataLoaders know the classes and how photos are resized and scaled.
        samples: with `path`, `area`, `label` and `split`.
        size: side of the photos that the model is given, in pixels.
        shared: whether all processes of a training are here, so that each predicts a part.

    Returns:
        A row a photo: `path`, `split`, `label`, `group` (where samples have one), `predicted`, `probability` (of the
        predicted class, 0..1), `loss` (-ln of the true class's probability), and `p_<class>` for every class in class
        order.
    """
    judged = samples[samples["split"].isin(["valid", "test"])].reset_index(drop=True)
    log.info("Predicting %d validation and test photos.", len(judged))
    part = judged[my_part(len(judged))] if shared else judged
    logits = predict_logits(learner, part, size) if len(part) else torch.empty(0, len(learner.dls.vocab))
    if shared:
        logits = torch.stack(gathered([*logits]))
    classes = list(learner.dls.vocab)
    logs = logits.double().log_softmax(dim=1)
    numbers = torch.tensor([classes.index(label) for label in judged["label"]])
    best = logs.max(dim=1)
    known = [name for name in ("path", "split", "label", "group") if name in judged]
    table = judged[known].assign(
        predicted=[classes[number] for number in best.indices],
        probability=best.values.exp().numpy(),
        loss=-logs.gather(1, numbers[:, None]).squeeze(1).numpy(),
    )
    columns = [f"p_{name}" for name in classes]
    return table.join(pd.DataFrame(logs.exp().numpy(), columns=columns)).round(7)


@torch.inference_mode()
def predict_logits(
    learner: Learner,
    samples: pd.DataFrame,
    size: int,
    change: Callable[[Tensor], Tensor] | None = None,
    doing: str = "predicting",
) -> Tensor:
    """Return logits, photos x classes, float32 on the CPU, in the order of `samples`.

    Args:
        learner, size: as in `predict`.
        samples: with `path`, `area` and `label`, and with `digest` if photos may come from the cache.
        change: what is done to each batch (n x 3 x height x width, -1..1) first.
        doing: a few words for the progress.

    Raises:
        KfoodError: what the model says of a photo is no number.
    """
    loader = prediction_loader(learner.dls, as_items(samples))
    model = fold_batchnorm(learner.model, size)
    batches = (photos.as_subclass(Tensor) for photos, _ in track(loader, len(loader), doing))
    changed = (change(photos) if change else photos for photos in batches)
    logits = torch.cat([by_halves(lambda some: model(some).cpu(), photos) for photos in changed])
    require_finite_rows(logits, list(samples["path"]), "The predictions")
    return logits
