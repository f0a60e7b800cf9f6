"""A finished run's network as one ONNX file: uint8 photos in, probabilities out, and all that a reader must know."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from kfood.calibration.exported import calibration_as_text
from kfood.calibration.stored import Calibration, read_calibration
from kfood.errors import KfoodError
from kfood.exported.predict import DIGEST, MARGIN
from kfood.exporting.network import Answers
from kfood.exporting.quiet import quiet
from kfood.model.saved import load_model
from kfood.run.cannot_tell import read_rules, rules_as_text
from kfood.run.folder import Run
from kfood.system.extras import require_extra
from kfood.system.files import write_whole

if TYPE_CHECKING:
    from onnx import ModelProto

FORMAT = "1"  # of the metadata
_TRACED = 2  # photos that the graph is traced with; it takes any number
_NO_DIGEST = "0" * 64


def export_graph(run: Run, file: Path) -> None:
    """Write a run's network as an ONNX file, in float32 whatever the run was computed in.

    Its input `photos` is n x side x side x 3, uint8, RGB, with side = size x presize of the metadata, as
    `kfood.exported.predict.Model.prepare` makes them; its output `probabilities` n x classes, float32. In the graph are
    normalization, the mean over the mirror image, the second network of a cascade, and the softmax; of a calibrated run
    also its temperature. What its sets and groups go by is in the metadata; "none of these" needs the run.

    Args:
        run: finished.
        file: to be written, whole or not at all; there, it is replaced.

    Raises:
        KfoodError: the extra `export` is not installed, the run's files are damaged, or the network cannot be written
            as a graph.
    """
    require_extra("export", "Exporting a model")
    run.verify(run.weights_file, run.model_file)
    network, about = load_model(run.weights_file, run.model_file)
    data = run.recipe.data
    side = round(data.size * data.presize)
    found = read_calibration(run)
    answers = Answers(network, data.size, side, found.temperature.value if found else 1.0).eval()
    save_graph(traced(answers, side, run.recipe.model.arch), file, metadata_of(run, about.classes, found))


def metadata_of(run: Run, classes: list[str], found: Calibration | None = None) -> dict[str, str]:
    """Return what the file says of itself, all as text; of a calibrated run also what it answers with."""
    data, temperature = run.recipe.data, found.temperature.value if found else 1.0
    return {
        "format": FORMAT,
        "run": run.name,
        "classes": json.dumps([unicodedata.normalize("NFC", name) for name in classes], ensure_ascii=False),
        "size": str(data.size),
        "presize": str(data.presize),
        "resize": data.resize,
        "filter": f"Pillow's BILINEAR, antialiased; a JPEG decoded to {MARGIN} x size x presize or more before",
        "denoise": data.denoise,
        "exif": "turned as its orientation says",
        "transparency": "on white",
        "precision": "float32",
        "temperature": f"{temperature:g}",
        "cannot_tell": rules_as_text(rule.tempered(temperature) for rule in read_rules(run)),
        **({"sets": _sets(found), "calibration": calibration_as_text(found)} if found else {}),
        "weights": hashlib.sha256(run.weights_file.read_bytes()).hexdigest(),
        "kfood": version("kfood"),
    }


def _sets(found: Calibration) -> str:
    """Return the wanted coverage, the score of `kfood.statistics.conformal.set_scores` and its threshold by class.

    They are of the network's own probabilities: p^power / sum(p^power) of those p that the graph gives. A class is in
    the set of a photo where its score is at most its threshold (null: always). By "lac" the score is 1 - probability.
    """
    thresholds = found.sets.thresholds(len(found.classes)).tolist()
    numbers = [None if math.isinf(each) else round(each, 7) for each in thresholds]
    how = {"coverage": found.sets.coverage, "score": found.sets.kind, "power": found.temperature.value}
    return json.dumps({**how, "thresholds": numbers})


def save_graph(model: ModelProto, file: Path, metadata: dict[str, str]) -> None:
    """Write a graph with its metadata and, in it, the digest of all its other bytes; whole or not at all."""
    del model.metadata_props[:]
    for key, value in {**metadata, "digest": _NO_DIGEST}.items():
        model.metadata_props.add(key=key, value=value)
    before, mark, after = model.SerializeToString().rpartition(DIGEST + _NO_DIGEST.encode())
    digest = hashlib.sha256(before + after).hexdigest()
    write_whole(file, lambda partial: partial.write_bytes(before + mark[: len(DIGEST)] + digest.encode() + after))


def traced(network: nn.Module, side: int, arch: str) -> ModelProto:
    """Return a network (uint8 photos of this side in, probabilities out) as a graph for any number of photos.

    Raises:
        KfoodError: the exporter cannot write it; `arch` names the network.
    """
    photos = torch.zeros(_TRACED, side, side, 3, dtype=torch.uint8)
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                network,
                (photos,),
                input_names=["photos"],
                output_names=["probabilities"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # torch's exporter, onnxscript and the network itself raise whatever they like
        reason = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise KfoodError(f"{arch} cannot be exported: torch.onnx cannot write it as a graph ({reason[0]}).") from error
    assert program is not None  # as dynamo is True
    return _without_traces(program.model_proto)


def _without_traces(model: ModelProto) -> ModelProto:
    """Take out where in which file each step was computed: it is half of the bytes, and tells of this machine."""
    for graph in (model.graph, *model.functions):
        del graph.metadata_props[:]
        for node in graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in graph.value_info:
            del value.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    return model
