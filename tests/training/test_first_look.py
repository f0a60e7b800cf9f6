"""Typos are told before torch, timm or fastai is imported."""

import subprocess
import sys

import pytest

from kfood.errors import KfoodError
from kfood.model.body import timm_name
from kfood.model.names import require_known_network
from kfood.recipes.load import load_recipe
from kfood.training.first_look import look_first


@pytest.fixture
def names_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path))
    timm_name("resnet18")


def test_without_kept_names_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path))
    require_known_network("resnet81")


@pytest.mark.parametrize(
    "arch", ["resnet18", "resnet18.a1_in1k", "mobilenet_v2", "tf_efficientnet_b0_ns", "test_resnet", "densenet121"]
)
def test_whatever_timm_takes_is_let_pass(names_are_kept, arch):
    assert timm_name(arch)
    require_known_network(arch)


@pytest.mark.parametrize(("arch", "nearest"), [("resnet81", "resnet18"), ("DenseNet-121", "densenet121")])
def test_an_unknown_network_is_told_as_timm_would_tell_it(names_are_kept, arch, nearest):
    with pytest.raises(KfoodError) as early:
        require_known_network(arch)
    with pytest.raises(KfoodError) as late:
        timm_name(arch)
    assert str(early.value) == str(late.value) and f'Did you mean "{nearest}"' in str(early.value)


def test_damaged_names_are_none(names_are_kept, tmp_path):
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text("[")
    require_known_network("resnet81")


def test_a_weight_for_no_dish_of_the_demo_is_told():
    settings = ['loss.class_weights={"갈비짐"=2}']
    with pytest.raises(KfoodError, match=r'loss\.class_weights names "갈비짐".*Did you mean "갈비찜"'):
        look_first(load_recipe("mission3", settings, "demo"))
    look_first(load_recipe("mission3", ['loss.class_weights={"갈비찜"=2}'], "demo"))


@pytest.mark.parametrize("command", ["train", "lrfind"])
def test_nothing_heavy_is_imported_for_it(names_are_kept, command):
    code = "import sys, atexit; from kfood.cli.main import main\n"
    code += "atexit.register(lambda: print({'torch', 'timm', 'fastai', 'pandas'} & set(sys.modules)))\n"
    code += f"sys.argv = ['kfood', '{command}', 'mission1', '--data', 'demo', '--set', 'model.arch=resnet81']; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (2, "set()")
    assert 'model.arch = "resnet81" is not a network that timm knows' in done.stderr
