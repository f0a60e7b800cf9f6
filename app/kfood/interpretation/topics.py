"""The topics of an interpretation: each fills a section from a run's predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.metrics import confused_pairs, headline
from kfood.evaluation.predictions import is_right, of_class, of_pair
from kfood.interpretation.section import CAM, OCCLUSION, Request, Section
from kfood.interpretation.thumbnails import PhotoOpener, missing_photos
from kfood.run.folder import Run
from kfood.system.files import content_digest, read_csv, write_csv
from kfood.text import as_file_name

_MOST_PAIRS = 10


def show_top_losses(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """The photos of highest loss."""
    from kfood.interpretation.galleries import draw_top_losses, top_losses

    rows, words = narrowed(predictions, request)
    best = top_losses(rows, request.n)
    section.tables[f"Highest losses{words}"] = _brief(best)
    section.text += _missing_words(list(best["path"]))
    path = _file(run, request, section.name)
    caption = "label → prediction, with their probabilities"
    section.figures[caption] = draw_top_losses(rows, path, PhotoOpener(run), request.n)


def show_confusion(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """The confusion matrix, as counts and rates, and the most confused pairs."""
    from kfood.interpretation.confusion import draw_confusion

    section.tables["Most confused pairs (95 % interval of the rate)"] = confused_pairs(predictions).head(_MOST_PAIRS)
    for name, rates in (("counts", False), ("rates", True)):
        path = _file(run, request, "confusion" if name == "counts" else "confusion-rates")
        section.figures[name] = draw_confusion(predictions, path, request.similar, rates)


def show_per_class(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """Recall, precision and F1 by class, the best and the worst three."""
    from kfood.interpretation.class_ranks import class_ranks
    from kfood.interpretation.per_class_plot import draw_per_class

    ranks = class_ranks(predictions)
    section.text += ranks.sentences()
    section.tables["By class (95 % interval of recall)"] = ranks.table.reset_index(names="class")
    section.figures["recall"] = draw_per_class(predictions, _file(run, request, section.name))


def show_wrong(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """The most confident mistakes beside right photos of both classes."""
    from kfood.interpretation.galleries import draw_wrong

    rows, _ = narrowed(predictions, request)
    mistakes = list(rows.loc[~is_right(rows), "path"])
    section.text += _missing_words(mistakes)
    path = _file(run, request, section.name)
    caption = "mistakes beside right photos of both classes"
    section.figures[caption] = draw_wrong(predictions, path, PhotoOpener(run), request.n, rows)


def show_calibration(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """Whether probabilities can be believed, and accuracy on the surest photos."""
    from kfood.interpretation.calibration import answered, calibration, reliability
    from kfood.interpretation.calibration_plot import draw_calibration

    found = calibration(predictions)
    section.text.append(str(found))
    section.tables["Scores of the probabilities (95 % interval)"] = found.table()
    section.tables["Accuracy by share of photos answered (95 % intervals for all rows together)"] = answered(
        predictions
    )
    section.tables["Accuracy by probability (95 % interval of each row)"] = reliability(predictions)
    section.figures["calibration"] = draw_calibration(predictions, _file(run, request, section.name))


def show_cam(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """Where the network looks, and whether the maps show what decides."""
    from kfood.interpretation import cam  # it loads torch
    from kfood.interpretation.galleries import top_losses

    method, *others = request.methods
    words_of_method = "" if request.methods == (CAM,) else "-" + "-".join(request.methods)
    if request.photo:
        digest = content_digest(str(request.photo.absolute()).encode())[:6]  # two folders may have photos of one name
        path = run.figures / as_file_name(f"cam-{request.photo.stem}-{digest}{words_of_method}", ".png")
        section.tables[f"{request.photo.name}"] = cam.draw_photo_maps(run, request.photo, path, request.methods)
        section.figures["this photo"] = path
        return
    rows, words = narrowed(predictions, request)
    losses = top_losses(rows, request.n)
    section.text += _missing_words(list(predictions["path"]))
    suffix = "" if method == CAM else f"-{method}"
    if not (request.of or request.pair):
        path = _file(run, request, f"cam{suffix}")
        section.figures["classes of highest and lowest recall"] = cam.draw_class_maps(run, predictions, path, method)
    heading = f"Why one class and not the other: photos of highest loss{words}\n{headline(predictions)}"
    path = _file(run, request, f"cam-top-losses{suffix}")
    section.figures["highest losses"] = cam.draw_contrast_maps(run, losses, heading, path, method)
    if others:
        heading = f"Where the network sees what it predicts: photos of highest loss{words}\n{headline(predictions)}"
        path = _file(run, request, f"cam-methods{words_of_method}")
        section.figures["methods side by side"] = cam.draw_methods(run, losses, request.methods, heading, path)
    _judge(run, predictions, request.methods, section)


def _judge(run: Run, predictions: pd.DataFrame, methods: tuple[str, ...], section: Section) -> None:
    """Say of each method whether its maps show what decides; of k methods at a level of 1 - 5 % / k (Bonferroni)."""
    from kfood.interpretation import cam
    from kfood.interpretation.map_grid import FINE

    for method in methods:
        found, n = cam.judge_maps(run, predictions, method, 1 - 0.05 / len(methods))
        if found is None:
            if n:
                section.text.append(f"Nothing says whether the maps show what decides: {n} plates are too few to tell.")
            return
        section.text.append(found.verdict())
        if min(found.cells) < FINE:
            section.text.append(
                f"Maps of {found.cells[0]} x {found.cells[1]} cells cannot say where within a cell: they are drawn as "
                f"cells. --method {OCCLUSION} has 8 x 8."
            )
        title = "Probability of the predicted class, places made grey (deletion) or sharp (insertion)"
        section.tables[title if len(methods) == 1 else f"{method}: {title}"] = found.curves


def show_colour(run: Run, predictions: pd.DataFrame, request: Request, section: Section) -> None:
    """What is lost without colour, and whether wrong photos share the colours of the wrong class."""
    from kfood.interpretation.colour import recall_by_change  # it loads torch
    from kfood.interpretation.colour_claim import colour_claim, colour_distances
    from kfood.interpretation.colour_plot import draw_recall_by_change

    recoloured = _recoloured(run, predictions, request.split)
    table = recall_by_change(recoloured)
    right = [(recoloured[name] == recoloured["label"]).mean() for name in ("predicted", "grey", "other_hue")]
    section.text.append(
        f"Accuracy {right[0]:.2%}, without colour {right[1]:.2%}, in opposite colours {right[2]:.2%} "
        f"(n = {len(recoloured)})."
    )
    depend = table.loc[(table["p"] < 0.05) & (table["lost_grey"] > 0), "class"]
    named = ", ".join(depend) if len(depend) else "none that can be told from chance"
    section.text.append(f"Classes that depend on colour (McNemar, p < 0.05 after Holm): {named}.")
    histograms = PhotoOpener(run).histograms(list(predictions["path"]))
    section.text.append(str(colour_claim(colour_distances(predictions, histograms))))
    section.tables["Recall by class, as it is, without colour and in opposite colours"] = table
    path = _file(run, request, section.name)
    section.figures["recall"] = draw_recall_by_change(
        table, f"What classes lose without their colours\n{headline(predictions)}", path
    )


def _recoloured(run: Run, predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return what is predicted in other colours, from the run's folder where it was asked for before."""
    file = run.folder / f"colour-{split}.csv"
    if file.is_file():
        known = run.read(file, partial(read_csv, text=["path", "label", "predicted", "grey", "other_hue"]))
        if list(known["path"]) == list(predictions["path"]):
            return known
    if gone := missing_photos(list(predictions["path"])):
        raise KfoodError(f"{gone} of {len(predictions)} photos are not where they were, so none is recoloured.")
    from kfood.interpretation.colour import predict_recoloured
    from kfood.training.restore import predictor_of

    samples = run.samples.set_index("path").loc[predictions["path"]].reset_index()
    table = predict_recoloured(predictor_of(run), samples, run.recipe.data.size)
    write_csv(file, table)
    run.checksums.add(file)
    return table


def narrowed(predictions: pd.DataFrame, request: Request) -> tuple[pd.DataFrame, str]:
    """Return the rows that galleries choose from, and words for it."""
    if request.pair:
        return of_pair(predictions, *request.pair), f" between {' and '.join(request.pair)}"
    if request.of:
        return of_class(predictions, request.of), f" of {request.of}"
    return predictions, ""


def _file(run: Run, request: Request, name: str) -> Path:
    narrow = "".join(f"-{part}" for part in (request.pair or (request.of,) if request.pair or request.of else ()))
    return run.figures / as_file_name(f"{request.split}-{name}{narrow}", ".png")


def _missing_words(paths: list[str]) -> list[str]:
    gone = missing_photos(paths)
    return [f"{gone} of {len(paths)} photos are not where they were; they are grey tiles here."] if gone else []


def _brief(rows: pd.DataFrame) -> pd.DataFrame:
    photos = [f"{path.parent.name}/{path.name}" for path in map(Path, rows["path"])]
    return rows[["loss", "label", "predicted", "probability"]].assign(photo=photos)


Make = Callable[[Run, pd.DataFrame, Request, Section], None]
TOPICS: dict[str, tuple[str, Make]] = {
    "top-losses": ("Photos of highest loss", show_top_losses),
    "confusion": ("Confusion matrix", show_confusion),
    "per-class": ("Classes", show_per_class),
    "wrong": ("Most confident mistakes", show_wrong),
    "calibration": ("Can the probabilities be believed?", show_calibration),
    "cam": ("Where the network looks", show_cam),
    "colour": ("Does it go by colour?", show_colour),
}
