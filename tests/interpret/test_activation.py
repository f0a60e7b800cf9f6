"""Activation maps are where the class is decided."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kfood.data.threads import in_order
from kfood.errors import KfoodError
from kfood.interpret.activation import activation_maps, maps_of_batch
from kfood.model.build import build_model
from kfood.recipes.schema import Model
from support.patches import CELLS, PIXELS, ColourBody, a_learner

BODIES = (
    "resnet18",
    "densenet121",
    "efficientnet_b0",
    "mobilenetv2_100",
    "vit_tiny_patch16_224",
    "swin_tiny_patch4_window7_224",
)


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
        pixels = torch.cat([batch.as_subclass(torch.Tensor) for batch, _ in in_order(learner.dls, patches.photos)])
        wanted = (network.body.forward_features(pixels) * weights[None, :, None, None]).sum(1).relu()
    wanted = wanted / wanted.amax((1, 2), keepdim=True).clamp(min=1e-12)
    found = activation_maps(learner, patches.photos, [1] * 6)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


def test_a_body_without_places_has_no_map(patches):
    learner = a_learner(patches.photos, VectorBody())
    with pytest.raises(KfoodError, match="no feature map"):
        activation_maps(learner, patches.photos, [0] * len(patches.photos))


def test_the_learner_stays_as_it_is(patches):
    learner = a_learner(patches.photos, ColourBody())
    learner.model.mirror = True
    learner.model.run_in(torch.bfloat16).requires_grad_(False)
    activation_maps(learner, patches.photos, [0] * 6)
    assert learner.model.mirror
    assert learner.model.precision == (torch.bfloat16, torch.bfloat16)
    assert not any(parameter.requires_grad for parameter in learner.model.parameters())


# Bodies that kfood trains, and what they learn: a square, red or blue, planted in noise at one of nine places

SIDE, GRID = 96, 3


def planted(n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Noise with a red or blue square in one of 3 x 3 places: photos, classes and places."""
    rng = torch.Generator().manual_seed(0)
    photos = 0.3 * torch.randn(n, 3, SIDE, SIDE, generator=rng)
    classes = torch.arange(n) % 2
    places = torch.randint(0, GRID**2, (n,), generator=rng)
    side = SIDE // GRID
    for photo, number, place in zip(photos, classes.tolist(), places.tolist(), strict=True):
        row, column = divmod(place, GRID)
        part = (slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side))
        photo[(0 if number else 2, *part)] += 2
    return photos, classes, places


@pytest.mark.parametrize("arch", BODIES)
def test_the_map_of_a_trained_network_is_where_the_class_was_planted(arch):
    torch.manual_seed(0)
    network = build_model(Model(arch=arch), 2, SIDE).train()
    photos, classes, places = planted(64)
    optimizer = torch.optim.AdamW(network.parameters(), 5e-4)
    for step in range(24):
        part = slice(16 * (step % 3), 16 * (step % 3) + 16)
        torch.nn.functional.cross_entropy(network(photos[part]), classes[part]).backward()
        optimizer.step()
        optimizer.zero_grad()
    network.eval()
    held_out = slice(48, None)
    assert (network(photos[held_out]).argmax(1) == classes[held_out]).float().mean() > 0.9
    wanted = classes[held_out].tolist()
    maps = maps_of_batch(network, photos[held_out], wanted, [1 - number for number in wanted])
    coarse = torch.nn.functional.adaptive_avg_pool2d(maps[:, None], GRID).flatten(1)
    assert (coarse.argmax(1) == places[held_out]).float().mean() > 0.85
