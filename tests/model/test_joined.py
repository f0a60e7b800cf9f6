"""Several networks as one body."""

import pytest
import torch

from kfood.errors import KfoodError
from kfood.model.build import build_model, freeze_stages, parameter_groups
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.saved import load_model, save_model
from kfood.recipes.explain import validate
from kfood.recipes.schema import Model
from kfood.training.results import describe_model

PHOTOS = torch.linspace(-1, 1, 2 * 3 * 64 * 64).sin().view(2, 3, 64, 64)
CONVOLUTIONS = "test_resnet+resnet10t"
MIXED = "test_resnet+test_vit"


def built(arch, size=64, **section):
    torch.manual_seed(0)
    return build_model(Model(arch=arch, **section), 3, size).eval()


@pytest.mark.parametrize("maps", [0, 2])
@pytest.mark.parametrize(("arch", "size"), [(CONVOLUTIONS, 64), (MIXED, 160)])
def test_the_head_is_given_what_each_network_makes_of_the_photo(arch, size, maps):
    model, photos = built(arch, size, intermediate_maps=maps), torch.rand(2, 3, size, size)
    with torch.no_grad():
        together = model.pooled(photos)
        alone = [part.pooled(photos) for part in model.parts()]
    assert together.shape[1] == model.head.linear.in_features == sum(part.shape[1] for part in alone)
    assert torch.equal(model.joined_features(alone), together)


def test_maps_of_one_size_are_one_map_and_others_are_none():
    """What activation maps look at: of all networks where their places are the same, nothing where they are not."""
    with torch.no_grad():
        one, none = built(CONVOLUTIONS), built(MIXED, 160)
        assert one.body.forward_features(PHOTOS).ndim == 4
        assert one.body.forward_features(PHOTOS).shape[1] == sum(one.body.lengths)
        assert none.body.forward_features(torch.rand(1, 3, 160, 160)).ndim == 2


def test_each_network_sees_pixels_as_its_own_weights_know_them():
    model = built("resnet10t+tf_efficientnet_lite0")
    imagenet, unit = model.body.normalizations
    assert imagenet.mean == (0.485, 0.456, 0.406)
    assert unit.mean == (0.5, 0.5, 0.5)
    seen = []
    for body in model.body.bodies:
        body.register_forward_hook(lambda *_: None)
        body.conv_stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])) if hasattr(
            body, "conv_stem"
        ) else body.conv1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model(PHOTOS)
    expected = ((PHOTOS + 1) / 2 - torch.tensor(imagenet.mean).view(3, 1, 1)) / torch.tensor(imagenet.std).view(3, 1, 1)
    assert torch.allclose(seen[0], expected, atol=1e-5)
    assert torch.equal(seen[1], PHOTOS)


def test_it_is_folded_saved_and_read_as_one(tmp_path):
    recipe = validate({"data": {"size": 64}, "model": {"arch": CONVOLUTIONS, "intermediate_maps": 2}}, "test")
    model = built(CONVOLUTIONS, intermediate_maps=2)
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    save_model(model, describe_model(recipe, ["가", "나", "다"]), *files)
    with torch.no_grad():
        expected = model(PHOTOS)
        assert torch.allclose(fold_batchnorm(model, 64)(PHOTOS), expected, atol=1e-4)
        assert torch.equal(load_model(*files)[0](PHOTOS), expected)


def test_stages_of_every_network_are_frozen():
    model = built(CONVOLUTIONS)
    freeze_stages(model, CONVOLUTIONS, 2)
    for body in model.body.bodies:
        learns = [parameter.requires_grad for parameter in body.parameters()]
        assert not learns[0]
        assert learns[-1]
    assert len(parameter_groups(model)[0]) < len(list(model.body.parameters()))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"arch": "resnet10t+resnet19"}, '"resnet19" is not a network'),
        ({"arch": "resnet10t+"}, '"" is not a network'),
        ({"arch": "resnet10t", "intermediate_maps": 9}, "model.intermediate_maps is 9, more than resnet10t has"),
    ],
)
def test_what_cannot_be_built_is_told(section, words):
    with pytest.raises(KfoodError, match=words.replace("(", r"\(")):
        build_model(Model(**section), 3, 64)


def test_a_file_of_weights_is_of_one_network(tmp_path):
    section = Model(arch=CONVOLUTIONS, pretrained=True, pretrained_file=str(tmp_path / "a.safetensors"))
    with pytest.raises(KfoodError, match="is several"):
        build_model(section, 3, 64)
