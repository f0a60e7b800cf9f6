"""Activation maps are where the class is decided."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kfood.data.threads import prediction_loader
from kfood.errors import KfoodError
from kfood.interpretation.activation import activation_maps, exact, maps_of_batch
from kfood.interpretation.section import METHODS
from kfood.model.build import Classifier, build_model
from kfood.recipes.schema import Model
from support.patches import CELLS, PIXELS, ColourBody, a_learner

pytestmark = pytest.mark.slow


class TokenBody(ColourBody):
    """As transformers without a class token."""

    def forward_features(self, photos):
        return super().forward_features(photos).flatten(2).transpose(1, 2)

    def forward_head(self, features, pre_logits):
        return features.mean(1)


class ColoursLastBody(ColourBody):
    """As Swin."""

    output_fmt = "NHWC"

    def forward_features(self, photos):
        return super().forward_features(photos).permute(0, 2, 3, 1)

    def forward_head(self, features, pre_logits):
        return features.mean((1, 2))


class VectorBody(ColourBody):
    """Without places."""

    def forward_features(self, photos):
        return super().forward_features(photos).mean((2, 3))

    def forward_head(self, features, pre_logits):
        return features


@pytest.mark.parametrize("body", [ColourBody, TokenBody, ColoursLastBody])
@pytest.mark.parametrize(("target", "which"), [(1, 0), (0, 1)])
def test_the_map_is_highest_where_the_classs_patch_is(patches, body, target, which):
    learner = a_learner(patches.photos, body())
    maps = activation_maps(learner, patches.photos, [target] * len(patches.photos))
    assert maps.shape == (6, CELLS, CELLS)
    for seen, places in zip(maps, patches.places, strict=True):
        assert seen.argmax() == places[which]
        assert seen.max() == pytest.approx(1)
        assert seen.flat[places[1 - which]] < 0.01


def test_of_two_classes_against_each_other_each_patch_speaks_for_its_own(patches):
    learner = a_learner(patches.photos, ColourBody())
    red_not_blue = activation_maps(learner, patches.photos, [1] * 6, [0] * 6)
    blue_not_red = activation_maps(learner, patches.photos, [0] * 6, [1] * 6)
    np.testing.assert_allclose(red_not_blue, -blue_not_red, atol=1e-6)
    for seen, (red, blue) in zip(red_not_blue, patches.places, strict=True):
        assert (seen.argmax(), seen.argmin()) == (red, blue)
        assert np.abs(seen).max() == pytest.approx(1)


@pytest.mark.parametrize("head", ["plain", "dropout", "dropout_bn"])
def test_behind_one_linear_layer_it_is_the_class_activation_map_of_2016(patches, head):
    """Features weighted by what the class makes of each: w_c · f(x, y), here of a network with all its layers."""
    torch.manual_seed(0)
    network = build_model(Model(arch="resnet10t", head=head), 2, PIXELS).eval()
    if head == "dropout_bn":
        network.head.norm.running_var.uniform_(0.5, 2)
    learner = a_learner(patches.photos, network.body)
    learner.model = network
    weights = network.head.linear.weight[1].detach()
    if head == "dropout_bn":
        weights = weights / (network.head.norm.running_var + network.head.norm.eps).sqrt()
    with torch.no_grad():
        pixels = torch.cat(
            [batch.as_subclass(torch.Tensor) for batch, _ in prediction_loader(learner.dls, patches.photos)]
        )
        wanted = (network.body.forward_features(pixels) * weights[None, :, None, None]).sum(1).relu()
    wanted = wanted / wanted.amax((1, 2), keepdim=True).clamp(min=1e-12)
    found = activation_maps(learner, patches.photos, [1] * 6)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


def test_of_a_body_without_places_parts_of_the_photo_are_blurred_in_turn(patches):
    learner = a_learner(patches.photos, VectorBody())
    red_not_blue = activation_maps(learner, patches.photos, [1] * 6, [0] * 6)
    assert red_not_blue.shape == (6, 8, 8)
    coarse = torch.nn.functional.avg_pool2d(torch.tensor(red_not_blue), 2).flatten(1)
    for seen, (red, blue) in zip(coarse, patches.places, strict=True):
        assert (seen.argmax(), seen.argmin()) == (red, blue)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_patch_of_the_class(patches, method):
    learner = a_learner(patches.photos, ColourBody())
    red = activation_maps(learner, patches.photos, [1] * 6, None, method)
    red_not_blue = activation_maps(learner, patches.photos, [1] * 6, [0] * 6, method)
    np.testing.assert_allclose(red.max((1, 2)), 1, atol=1e-6)
    for maps in (red, red_not_blue):
        coarse = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(maps), CELLS).flatten(1)
        assert coarse.argmax(1).tolist() == [red for red, _ in patches.places]
    assert coarse.argmin(1).tolist() == [blue for _, blue in patches.places]


def test_integrated_gradients_sum_to_what_the_class_gains_by_the_photo(patches):
    model = exact(a_learner(patches.photos, ColourBody()))
    photos = torch.rand(2, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(0))
    maps = maps_of_batch(model, photos, [1, 0], method="integrated-gradients")
    gain = (model(photos) - model(torch.zeros_like(photos)))[[0, 1], [1, 0]]
    np.testing.assert_allclose(maps.sum((1, 2)) * PIXELS**2 / 16**2, gain.detach(), rtol=0.05)


@pytest.mark.parametrize(
    ("arch", "side", "cells"), [("densenet121", 64, 8), ("resnet18", 64, 8), ("resnet18", 128, 8), ("resnet18", 224, 7)]
)
def test_layercam_takes_the_last_stage_that_has_places_enough(arch, side, cells):
    network = build_model(Model(arch=arch), 3, side).eval()
    photos = torch.randn(2, 3, side, side)
    assert maps_of_batch(network, photos, [2, 0], method="layercam").shape == (2, cells, cells)


@pytest.mark.parametrize(("method", "words"), [("layercam", "no places"), ("laercam", 'Did you mean "layercam"')])
def test_a_method_that_cannot_be_had_is_named(patches, method, words):
    with pytest.raises(KfoodError, match=words):
        activation_maps(a_learner(patches.photos, VectorBody()), patches.photos, [1] * 6, None, method)


def test_the_learner_stays_as_it_is(patches):
    learner = a_learner(patches.photos, ColourBody())
    learner.model.hflip_tta = True
    learner.model.set_precision(torch.bfloat16).requires_grad_(False)
    activation_maps(learner, patches.photos, [0] * 6)
    assert learner.model.hflip_tta
    assert learner.model.precision == (torch.bfloat16, torch.bfloat16)
    assert not any(parameter.requires_grad for parameter in learner.model.parameters())


@pytest.mark.parametrize("arch", ["resnet18", "densenet121", "mobilenetv2_100", "tf_efficientnet_lite0"])
def test_it_is_so_in_every_body_of_the_study(arch):
    torch.manual_seed(0)
    network = build_model(Model(arch=arch), 3, 64).eval()
    photos = torch.randn(2, 3, 64, 64)
    features = network.body.forward_features(photos).detach()
    weights = network.head.linear.weight.detach()[[2, 0]]
    wanted = (features * weights[:, :, None, None]).sum(1)
    found = maps_of_batch(network, photos, [2, 0])
    scale = (found * wanted).sum() / (wanted**2).sum()  # the mean over the places
    assert scale > 0
    np.testing.assert_allclose(found, scale * wanted, atol=1e-4 * found.abs().max())


# Networks that decide by a square planted in noise in one of four places. Each class has its colour, or no square.

BLUE_OR_RED, NONE_OR_RED = (2, 0), (None, 0)


def planted(n: int, side: int, colours: tuple, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Photos, `side` pixels wide and high, their classes and places."""
    rng = torch.Generator().manual_seed(seed)
    photos = 0.3 * torch.randn(n, 3, side, side, generator=rng)
    classes = torch.arange(n) % 2
    places = torch.randint(0, 4, (n,), generator=rng)
    half = side // 2
    for photo, number, place in zip(photos, classes.tolist(), places.tolist(), strict=True):
        row, column = divmod(place, 2)
        if colours[number] is not None:
            photo[colours[number], row * half : (row + 1) * half, column * half : (column + 1) * half] += 2
    return photos, classes, places


def fit_head(network: Classifier, side: int) -> None:
    """Let the head tell blue from red by the body's features as they are, by ridge regression."""
    photos, classes, _ = planted(64, side, BLUE_OR_RED)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # the mean over all batches
        network.train()(photos)
        features = network.eval().pooled(photos)
        centre = features.mean(0)
        centred, sign = features - centre, torch.where(classes == 1, 1.0, -1.0)
        kernel = centred @ centred.T
        weights = centred.T @ torch.linalg.solve(kernel + 0.01 * kernel.diagonal().mean() * torch.eye(len(sign)), sign)
        network.head.linear.weight.copy_(torch.stack([-weights, weights]))
        network.head.linear.bias.copy_(torch.stack([weights @ centre, -weights @ centre]))


def fit_all(network: Classifier, side: int) -> None:
    """Train to see red where there is any, with parts of the photos grey, so that grey speaks for nothing."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.3  # so few steps must do
    optimizer = torch.optim.AdamW(network.train().parameters(), 2e-3)
    for step in range(32):
        photos, classes, _ = planted(16, side, NONE_OR_RED, seed=step + 1)
        shown = torch.rand(16, 1, 8, 8) > 0.6 * torch.rand(16, 1, 1, 1)
        photos *= torch.nn.functional.interpolate(shown.float(), side)
        torch.nn.functional.cross_entropy(network(photos), classes).backward()
        optimizer.step()
        optimizer.zero_grad()
    network.eval()


@pytest.mark.parametrize(
    ("arch", "side", "colours", "fit"),
    [
        ("resnet18", 64, BLUE_OR_RED, fit_head),
        ("densenet121", 64, BLUE_OR_RED, fit_head),
        ("vit_tiny_patch16_224", 64, BLUE_OR_RED, fit_head),
        ("mobilenetv2_100", 128, NONE_OR_RED, fit_all),  # its features at random tell nothing
        ("test_efficientnet", 128, NONE_OR_RED, fit_all),  # places see the mean of all, as in EfficientNet-B0
        ("mobilenetv3_small_100", 128, NONE_OR_RED, fit_all),
    ],
)
def test_the_map_is_where_the_class_was_planted(arch, side, colours, fit):
    torch.manual_seed(0)
    network = build_model(Model(arch=arch), 2, side).to_device(torch.device("cpu"))
    fit(network, side)
    photos, classes, places = planted(28, side, colours)
    assert (network(photos).argmax(1) == classes).float().mean() > 0.85
    there = torch.tensor([colours[number] is not None for number in classes])
    photos, classes, places = photos[there], classes[there], places[there]
    maps = maps_of_batch(network, photos, classes.tolist(), (1 - classes).tolist())
    quarters = torch.nn.functional.adaptive_avg_pool2d(maps[:, None], 2).flatten(1)
    assert (quarters.argmax(1) == places).float().mean() > 0.85
