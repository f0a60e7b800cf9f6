"""Which photos calibrate, and which steps stay exact."""

import onnx
import pandas as pd
from onnx import helper

from kfood.exporting.quantized import ends_of, some_of_each


def test_some_of_each_class_calibrate_and_always_the_same():
    samples = pd.DataFrame(
        {"path": [f"{number}.jpg" for number in range(60)], "label": ["a"] * 50 + ["b"] * 7 + ["c"] * 3}
    )
    some = some_of_each(samples, 12)
    assert some["label"].value_counts().to_dict() == {"a": 5, "b": 4, "c": 3}
    assert some["path"].tolist() == some_of_each(samples, 12)["path"].tolist()
    assert len(some_of_each(samples, 100)) == 60


def step(kind: str, name: str, *inputs: str) -> onnx.NodeProto:
    return helper.make_node(kind, list(inputs), [f"{name} out"], name=name)


def test_what_comes_before_the_first_convolution_and_from_the_head_on_stays_exact():
    """A network that looks at a photo and at its mirror image."""
    steps = [step("Cast", "float", "photos"), step("MatMul", "shrink", "float out", "matrix")]
    for image, given in (("photo", "shrink out"), ("mirror", "flip out")):
        if image == "mirror":
            steps.append(step("Slice", "flip", "shrink out"))
        steps += [
            step("Conv", f"first {image}", given, "w"),
            step("Relu", f"relu {image}", f"first {image} out"),
            step("Conv", f"second {image}", f"relu {image} out", "w"),
            step("ReduceMean", f"pool {image}", f"second {image} out"),
            step("Gemm", f"head {image}", f"pool {image} out", "w"),
        ]
    steps += [step("Add", "mean", "head photo out", "head mirror out"), step("Softmax", "softmax", "mean out")]
    graph = helper.make_graph(steps, "both", [], [])
    assert sorted(ends_of(graph)) == ["flip", "float", "head mirror", "head photo", "mean", "shrink", "softmax"]
