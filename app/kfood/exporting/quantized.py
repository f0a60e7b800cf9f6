"""The graph in 8 bit integers: smaller, on many CPUs faster, and less exact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pandas as pd
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from kfood.errors import KfoodError
from kfood.exported.predict import Model
from kfood.exporting.comparison import prepared
from kfood.exporting.graph import save_graph

MOST_PHOTOS = 128  # of the training, to see how large activations become
_WITH_WEIGHTS = ("Conv", "Gemm", "MatMul")


def quantize(source: Path, file: Path, training: pd.DataFrame) -> None:
    """Write the graph in `source` with weights and activations in 8 bits: onnxruntime's static quantization.

    Weights have a scale a channel, activations one a tensor, of what `training` photos make of them. What comes before
    the network and after it, its last layer included, stays float32.

    Args:
        source: as `export_graph` writes it.
        file: to be written, whole or not at all.
        training: rows of a run's samples with `path`, `area` and `label`; some of each class are used.

    Raises:
        KfoodError: onnxruntime cannot quantize this network, or a photo cannot be read.
    """
    model = Model(source)
    with TemporaryDirectory() as folder:
        simpler, quantized = Path(folder) / "simpler.onnx", Path(folder) / "quantized.onnx"
        try:
            quant_pre_process(source, simpler, skip_symbolic_shape=True)
            quantize_static(
                simpler,
                quantized,
                _Reader(prepared(model, some_of_each(training, MOST_PHOTOS))),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                nodes_to_exclude=ends_of(onnx.load(simpler).graph),
            )
        except KfoodError:
            raise
        except Exception as error:  # whatever onnx and onnxruntime raise
            raise KfoodError(f"{model.name} cannot be quantized: {str(error).splitlines()[0]}") from error
        save_graph(onnx.load(quantized), file, model.metadata | {"precision": "int8"})


def some_of_each(samples: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return at most `most` photos, as many of each class, always the same."""
    mixed = samples.sample(frac=1, random_state=0)
    turn = mixed.groupby("label").cumcount()
    return mixed.iloc[np.argsort(turn.to_numpy(), kind="stable")].head(most)


def ends_of(graph: onnx.GraphProto) -> list[str]:
    """Return the names of the steps before the first convolutions, and of the last ones with weights and all after."""
    ends: list[str] = []
    behind: set[str] = set()
    before: set[str] = set()
    for node in graph.node:  # each comes after those whose results it takes
        if node.op_type == "Conv" or behind.intersection(node.input):
            behind.update(node.output)
        else:
            ends.append(node.name)
    for node in reversed(graph.node):
        leads_on = before.intersection(node.output)
        if not leads_on:
            ends.append(node.name)
        if leads_on or node.op_type in _WITH_WEIGHTS:
            before.update(node.input)
    return ends


class _Reader(CalibrationDataReader):
    def __init__(self, batches: Iterator[np.ndarray]) -> None:
        self.batches = batches

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"photos": batch}
