"""Colours are changed as is said, and what is lost by it is counted right."""

import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest

from kfood.interpretation.colour import grey, other_hue, predict_recoloured, recall_by_change
from kfood.interpretation.colour_plot import draw_recall_by_change
from support.patches import ColourBody, a_learner

RED, CYAN = torch.tensor([1.0, -1, -1]), torch.tensor([-1.0, 1, 1])


def plain(colour: torch.Tensor) -> torch.Tensor:
    return colour[None, :, None, None].expand(1, 3, 4, 4)


def test_without_colour_all_channels_are_alike_and_as_bright_as_before():
    photo = torch.rand(2, 3, 5, 5) * 2 - 1
    seen = grey(photo)
    assert torch.equal(seen[:, 0], seen[:, 1]) and torch.equal(seen[:, 1], seen[:, 2])
    luma = (photo * torch.tensor([0.2989, 0.587, 0.114])[None, :, None, None]).sum(1)
    torch.testing.assert_close(seen[:, 0], luma, atol=1e-3, rtol=0)


def test_in_opposite_colours_red_is_cyan_and_grey_stays():
    torch.testing.assert_close(other_hue(plain(RED)), plain(CYAN), atol=1e-5, rtol=0)
    half = torch.full((1, 3, 4, 4), 0.2)
    torch.testing.assert_close(other_hue(half), half, atol=1e-5, rtol=0)
    photo = torch.rand(2, 3, 5, 5) * 2 - 1
    torch.testing.assert_close(other_hue(other_hue(photo)), photo, atol=1e-4, rtol=0)


def test_a_network_that_goes_by_colour_is_found_out(patches):
    """It tells red patches from blue ones; every photo has both, so its head is set to prefer its class's colour."""
    learner = a_learner(patches.photos, ColourBody())
    learner.model.head.weight.data = torch.tensor([[0.0, 1.0], [2.0, 0.0]])  # red wins where there is colour
    samples = pd.DataFrame({"path": [photo.path for photo in patches.photos], "area": "", "label": "red"})
    table = predict_recoloured(learner, samples, 32)
    assert table["predicted"].tolist() == ["red"] * 6
    assert table["grey"].tolist() == ["blue"] * 6  # both logits are 0, and blue is the first class
    found = recall_by_change(table)
    assert found["recall"].tolist() == [1.0]
    assert found["lost_grey"].tolist() == [1.0]
    assert found["p"].tolist() == pytest.approx([binomtest(6, 6).pvalue])


def test_recalls_and_tests_by_hand():
    table = pd.DataFrame(
        {
            "path": [str(number) for number in range(30)],
            "label": ["가"] * 10 + ["나"] * 10 + ["다"] * 10,
            "predicted": ["가"] * 10 + ["나"] * 9 + ["가"] + ["다"] * 10,
            "grey": ["나"] * 9 + ["가"] + ["나"] * 8 + ["가", "나"] + ["다"] * 10,
            "other_hue": ["가"] * 10 + ["나"] * 10 + ["나"] * 10,
        }
    )
    found = recall_by_change(table).set_index("class")
    assert found.index.tolist() == ["가", "나", "다"]  # most dependent first
    assert found["recall"].tolist() == pytest.approx([1, 0.9, 1])
    assert found["recall_grey"].tolist() == pytest.approx([0.1, 0.9, 1])
    assert found["recall_other_hue"].tolist() == pytest.approx([1, 1, 0])
    assert found["lost_grey"].tolist() == pytest.approx([0.9, 0, 0])
    # 9 lost and none won; one of each; none. Holm: times 3, then no smaller than before.
    assert found["p"].tolist() == pytest.approx([3 * binomtest(9, 9).pvalue, 1, 1])


def test_the_picture_names_classes_that_lose_more_than_chance(tmp_path):
    table = pd.DataFrame(
        {"class": ["가", "나"], "n": 10, "recall": [1, 0.9], "recall_grey": [0.1, 0.9], "recall_other_hue": 0.5}
    ).assign(lost_grey=[0.9, 0], p=[0.01, 1])
    with Image.open(draw_recall_by_change(table, "Heading", tmp_path / "colour.png")) as picture:
        assert min(picture.size) > 100
