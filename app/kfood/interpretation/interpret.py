"""Everything that can be said about a finished run, topic by topic, from its one table of predictions."""

from __future__ import annotations

import logging

from kfood.errors import KfoodError
from kfood.evaluation.predictions import of_split
from kfood.interpretation.section import Request, Section
from kfood.interpretation.topics import TOPICS, narrowed
from kfood.run.folder import Run
from kfood.text import did_you_mean

log = logging.getLogger(__name__)
FIGURES = tuple(TOPICS)


def interpret_run(run: Run, chosen: list[str], request: Request = Request()) -> list[Section]:
    """Make tables and figures of a finished run, the figures in its folder figures/.

    No photo is predicted again but in other colours ("colour"); only "cam" and "colour" load the model. A topic that
    cannot be shown, because a file is damaged or photos are gone, says so in its section, and the others stand.

    Args:
        run: a finished run.
        chosen: names out of `FIGURES`.
        request: what of it.

    Raises:
        KfoodError: the run has no predictions for that split, or no class of that name.
    """
    whole = run.predictions
    predictions = of_split(whole, request.split)
    if predictions.empty:
        splits = sorted(set(whole["split"]))
        raise KfoodError(f'{run.folder} has no predictions for "{request.split}".{did_you_mean(request.split, splits)}')
    narrowed(predictions, request)  # a wrong class name ends it before anything is drawn
    run.figures.mkdir(exist_ok=True)
    sections = []
    for name in chosen:
        log.info("Drawing %s.", name)
        title, make = TOPICS[name]
        section = Section(name, title)
        try:
            make(run, predictions, request, section)
        except KfoodError as error:
            section.missing = str(error)
        sections.append(section)
    return sections
