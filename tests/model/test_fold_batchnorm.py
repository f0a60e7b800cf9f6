"""Folded networks, mirror images, frozen stages and two learning rates."""

import copy
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from fastai.callback.core import Callback
from fastai.torch_core import set_seed
from torch import nn

from kfood.data.loaders import build_dataloaders
from kfood.errors import KfoodError
from kfood.model.build import Classifier, build_model, freeze_stages, parameter_groups
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.saved import Description, load_model, save_model
from kfood.recipes.explain import validate
from kfood.recipes.schema import Model
from kfood.training.callbacks.freeze import FreezeBody
from kfood.training.fit import fit
from kfood.training.learner import build_learner
from kfood.training.stop import Stop
from support.tiny import TinyBody, tiny_model

pytestmark = pytest.mark.slow


def with_history(model):
    """Give every batch normalisation statistics and weights, as after a training."""
    torch.manual_seed(3)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    return model


def require_same(got, wanted):
    assert (got - wanted).abs().max() <= 1e-4 * wanted.abs().max()


@pytest.mark.parametrize("arch", ["resnet10t", "densenet121", "tf_efficientnet_lite0", "mobilenetv2_100"])
def test_a_folded_network_predicts_the_same(arch):
    model = with_history(build_model(Model(arch=arch), 3, 64))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fast, photos = fold_batchnorm(model, 64), torch.randn(2, 3, 64, 64)
    norms = [sum(isinstance(module, nn.BatchNorm2d) for module in one.modules()) for one in (model, fast)]
    assert norms[1] < norms[0]  # something was folded
    assert model.training and not fast.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    with torch.no_grad():
        require_same(fast(photos), model.eval()(photos))


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("arch", ["resnet10t", "resnet18"])
def test_a_folded_resnet_has_no_batch_normalisation_left(arch, mirror):
    """Also where the mirror image makes it run twice."""
    fast = fold_batchnorm(build_model(Model(arch=arch, hflip_tta=mirror), 3, 32), 32)
    assert not [module for module in fast.modules() if isinstance(module, nn.BatchNorm2d)]


def test_the_original_can_still_be_trained():
    model = with_history(tiny_model(norm=True)).train()
    fast, photos = fold_batchnorm(model, 32), torch.randn(4, 3, 32, 32)
    predicted = fast(photos).detach().clone()
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    nn.functional.cross_entropy(model(photos), torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()
    assert [name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])] in (
        [],
        ["body.conv.bias"],  # batch normalisation takes it out again
    )
    assert torch.equal(fast(photos), predicted)  # and the copy shares nothing with it


class Odd(TinyBody):
    """A body where a convolution's result goes to more than a batch normalisation."""

    def __init__(self, kind):
        super().__init__(True)
        self.kind, self.other = kind, nn.BatchNorm2d(8)

    def forward_features(self, photos):
        maps = self.conv(photos)
        if self.kind == "residual":
            return (self.norm(maps) + maps).relu()
        if self.kind == "two norms":
            return torch.relu(self.norm(maps)) + torch.tanh(self.other(maps))
        if self.kind == "twice":
            return self.norm(maps).relu() + self.norm(self.conv(photos.flip(2))).tanh()
        return self.norm(maps + 1).relu()


@pytest.mark.parametrize("kind", ["residual", "two norms", "twice", "between"])
def test_a_network_that_uses_the_convolution_elsewhere_is_not_broken(kind):
    model = with_history(Classifier(Odd(kind), nn.Sequential(nn.Linear(8, 3))))
    fast, photos = fold_batchnorm(model, 32), torch.randn(4, 3, 32, 32)
    assert not fast.training
    with torch.no_grad():
        require_same(fast(photos), model.eval()(photos))


def test_a_folded_network_computes_in_the_same_precision():
    model = with_history(tiny_model(norm=True)).set_precision(torch.bfloat16)
    assert fold_batchnorm(model, 32).precision == model.precision == (torch.bfloat16, torch.bfloat16)


def test_a_folded_network_keeps_the_mirror():
    model = with_history(tiny_model(norm=True))
    model.hflip_tta = True
    photos = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        require_same(fold_batchnorm(model, 32)(photos), model.eval()(photos))


def test_a_mirrored_prediction_is_the_mean_of_photo_and_mirror_image():
    section, photos = Model(arch="resnet10t", hflip_tta=True), torch.randn(3, 3, 32, 32)
    model = build_model(section, 3, 32)
    plain = Classifier(model.body, model.head).eval()
    with torch.no_grad():
        mean = (plain(photos) + plain(photos.flip(3))) / 2
        torch.testing.assert_close(model.eval()(photos), mean)
        assert not torch.allclose(mean, plain(photos), atol=1e-5)
        torch.testing.assert_close(model(photos), model(photos.flip(3)))


def test_training_knows_no_mirror():
    model = tiny_model()  # without batch normalisation, so that training mode alone changes nothing
    photos = torch.randn(3, 3, 32, 32)
    plain = model.eval()(photos)
    model.hflip_tta = True
    assert torch.equal(model.train()(photos), plain)
    assert not torch.equal(model.eval()(photos), plain)


@pytest.mark.parametrize("mirror", [True, False])
def test_a_saved_model_keeps_the_mirror(tmp_path, mirror):
    model = build_model(Model(arch="resnet10t", hflip_tta=mirror), 2, 32).eval()
    half, classes = [0.5] * 3, ["갈비찜", "김밥"]
    about = Description("resnet10t", "plain", 0.5, classes, 32, 1.0, "squish", "none", half, half, mirror)
    save_model(model, about, tmp_path / "model.safetensors", tmp_path / "model.json")
    loaded, description = load_model(tmp_path / "model.safetensors", tmp_path / "model.json")
    assert description.hflip_tta is loaded.hflip_tta is mirror
    assert f'"hflip_tta": {str(mirror).lower()}' in (tmp_path / "model.json").read_text(encoding="utf-8")
    photos = torch.randn(2, 3, 32, 32)
    assert torch.equal(loaded(photos), model(photos))


@pytest.fixture
def made(make_photos, tmp_path):
    """Return a function: sections of a recipe -> its Learner on two classes of 12 and 4 photos."""
    root = make_photos(tmp_path / "photos", {"갈비찜": 16, "김밥": 16}, pixels=32)
    rows = [
        {"path": str(path), "label": path.parent.name, "split": "train" if int(path.stem) < 12 else "valid"}
        for path in sorted(root.rglob("*.jpg"))
    ]
    samples = pd.DataFrame(rows).assign(area="")

    def make(model=None, **sections):
        training = {"batch_size": 8, "epochs": 3, "workers": 0, **sections.pop("training", {})}
        written = {"data": {"size": 32}, "model": {"arch": "resnet10t", **(model or {})}, "training": training}
        recipe = validate({**written, **sections}, "test")
        set_seed(0, reproducible=True)
        network = build_model(recipe.model, 2, 32)
        freeze_stages(network, recipe.model.arch, recipe.model.frozen_stages)
        learner = build_learner(build_dataloaders(samples, recipe), network, recipe)
        return SimpleNamespace(recipe=recipe, learner=learner, model=network)

    return make


FROZEN = [
    ("resnet10t", 1, ("conv1.", "bn1.")),
    ("resnet10t", 3, ("conv1.", "bn1.", "layer1.", "layer2.")),
    ("tf_efficientnet_lite0", 2, ("conv_stem.", "bn1.", "blocks.0.")),
]


class Gradients(Callback):
    """The names of what had a gradient in any batch."""

    def before_fit(self):
        self.seen = set()

    def after_backward(self):
        self.seen |= {name for name, one in self.model.body.named_parameters() if one.grad is not None}


@pytest.mark.parametrize(("arch", "stages", "frozen"), FROZEN)
@pytest.mark.parametrize("freeze_epochs", [0, 1])
def test_frozen_stages_stay_through_a_training_and_the_others_learn(made, arch, stages, frozen, freeze_epochs):
    one = made({"arch": arch, "frozen_stages": stages}, optimizer={"lr": 0.01})
    before = copy.deepcopy(one.model.body.state_dict())
    gradients = Gradients()
    with one.learner.no_logging():
        one.learner.fit(2, cbs=[gradients, *([FreezeBody(freeze_epochs)] if freeze_epochs else [])])
    for name, parameter in one.model.body.named_parameters():
        still = name.startswith(frozen)
        assert parameter.requires_grad != still, name
        assert (name in gradients.seen) != still, name
    for name, tensor in one.model.body.state_dict().items():
        assert torch.equal(tensor, before[name]) == name.startswith(frozen), name


def test_no_frozen_stage_lets_everything_learn(made):
    one = made()
    assert all(parameter.requires_grad for parameter in one.model.parameters())
    body, head = parameter_groups(one.model)
    assert len(body) == len(list(one.model.body.parameters()))
    assert len(head) == 2


def test_the_optimizer_is_given_what_learns_alone(made):
    one = made({"frozen_stages": 3})
    body, head = parameter_groups(one.model)
    assert {id(parameter) for parameter in body} == {
        id(parameter) for parameter in one.model.body.parameters() if parameter.requires_grad
    }
    assert [id(parameter) for parameter in head] == [id(parameter) for parameter in one.model.head.parameters()]


@pytest.mark.parametrize("stages", [5, 40])
def test_too_many_frozen_stages_are_an_error_with_the_number(stages):
    model = build_model(Model(arch="resnet10t"), 2, 32)
    with pytest.raises(KfoodError, match=rf"model\.frozen_stages is {stages}, but resnet10t has 5 stages"):
        freeze_stages(model, "resnet10t", stages)
    assert all(parameter.requires_grad for parameter in model.parameters())


class Rates(Callback):
    """The learning rates of body and head at each step."""

    run_valid = False

    def before_fit(self):
        self.seen = []

    def before_step(self):
        self.seen.append([group["lr"] for group in self.opt.opt.param_groups])


def rates_of(made, tmp_path, schedule):
    one, rates = made(optimizer={"lr": 0.01, "body_lr": 0.25}, schedule=schedule), Rates()
    one.learner.add_cb(rates)
    names = {"history_file": "h.csv", "checkpoints": ""}
    places = SimpleNamespace(**{name: tmp_path / file for name, file in names.items()})
    fit(one.learner, one.recipe, places, Stop())
    body, head = zip(*rates.seen, strict=True)
    assert len(body) == 3 * 3
    groups = one.learner.opt.opt.param_groups
    assert [len(group["params"]) for group in groups] == [len(group) for group in parameter_groups(one.model)]
    return body, head


@pytest.mark.parametrize(
    "schedule",
    [
        {"name": "none"},
        {"name": "one_cycle"},
        {"name": "exponential", "gamma": 0.5},
        {"name": "cosine", "min_lr": 0.0},
        {"name": "cosine", "min_lr": 0.002},
    ],
    ids=["none", "one_cycle", "exponential", "cosine", "cosine-above-0"],
)
def test_body_and_head_learn_at_rates_in_proportion_at_each_step(made, tmp_path, schedule):
    body, head = rates_of(made, tmp_path, schedule)
    assert max(head) <= 0.01 + 1e-9
    if schedule["name"] == "none":
        assert set(head) == {0.01}
    else:
        assert min(head) < 0.008
    assert body == pytest.approx([0.25 * rate for rate in head])


def test_the_history_tells_the_rate_of_the_head(made, tmp_path):
    _, head = rates_of(made, tmp_path, {"name": "exponential", "gamma": 0.5})
    assert pd.read_csv(tmp_path / "h.csv")["lr"].tolist() == pytest.approx(head[2::3])
