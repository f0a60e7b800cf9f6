"""Typos are told before torch, timm or fastai is imported."""

import subprocess
import sys

import pytest

from kfood.errors import KfoodError
from kfood.model.body import timm_name
from kfood.model.names import require_known_network
from kfood.recipes.load import load_recipe
from kfood.training.first_look import look_first
from kfood.training.train import train


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


@pytest.fixture
def data(make_photos, tmp_path) -> dict[str, str]:
    """A folder, and a CSV, of three dishes; none of the files can be opened as a photo."""
    photos = make_photos(tmp_path / "photos", {"갈비찜": 3, "김밥": 3, "라면": 3})
    for path in photos.glob("*/*"):
        path.write_bytes(b"no photo at all")
    (photos / "notes.heif").touch()
    lines = [f"{path.relative_to(tmp_path)},{path.parent.name}" for path in photos.glob("*/*.jpg")]
    (tmp_path / "photos.csv").write_text("\n".join(["path,label", *lines]), encoding="utf-8")
    return {"folder": str(photos), "csv": str(tmp_path / "photos.csv")}


@pytest.mark.parametrize("kind", ["folder", "csv"])
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('loss.class_weights={"갈비짐"=2}', r'loss\.class_weights names "갈비짐".*Did you mean "갈비찜"'),
        ("data.classes=김밥,갈비짐", r'data\.classes names "갈비짐".*Did you mean "갈비찜"'),
    ],
)
def test_a_class_that_data_of_ones_own_does_not_have_is_told(data, kind, setting, words, capfd, caplog):
    with pytest.raises(KfoodError, match=words) as early:
        look_first(load_recipe("mission1", [setting], data[kind]))
    assert (capfd.readouterr(), caplog.messages) == (("", ""), [])  # what is left out is said once, later
    with pytest.raises(KfoodError) as late:
        train(load_recipe("mission1", [setting], data[kind]))
    assert str(early.value) == str(late.value)
    assert ("Left out" in caplog.text) == (kind == "folder")


def test_a_weight_for_a_class_that_is_not_chosen_is_told(data):
    settings = ["data.classes=갈비찜,김밥", 'loss.class_weights={"라면"=2}']
    with pytest.raises(KfoodError, match=r'loss\.class_weights names "라면".*The classes are 갈비찜, 김밥'):
        look_first(load_recipe("mission1", settings, data["folder"]))


def test_what_is_right_is_let_pass(data):
    settings = ["data.classes=갈비찜,김밥", 'loss.class_weights={"김밥"=2}']
    for where in data.values():
        look_first(load_recipe("mission1", settings, where))


@pytest.mark.parametrize(
    ("command", "kind", "setting", "words"),
    [
        ("train", "demo", "model.arch=resnet81", 'model.arch = "resnet81" is not a network that timm knows'),
        ("lrfind", "demo", "model.arch=resnet81", 'model.arch = "resnet81" is not a network that timm knows'),
        ("train", "demo", 'loss.class_weights={"갈비짐"=2}', 'names "갈비짐", which is not a class here'),
        ("train", "folder", 'loss.class_weights={"갈비짐"=2}', 'names "갈비짐", which is not a class here'),
        ("lrfind", "csv", "data.classes=갈비찜,김빱", 'names "김빱", which the photos do not have'),
    ],
)
def test_nothing_heavy_is_imported_for_it(names_are_kept, data, command, kind, setting, words):
    code = "import sys, atexit; from kfood.cli.main import main\n"
    code += "atexit.register(lambda: print({'torch', 'timm', 'fastai', 'sklearn'} & set(sys.modules)))\n"
    code += f"sys.argv = ['kfood', '{command}', 'mission1', *sys.argv[1:]]; main()"
    words_typed = ["--data", data.get(kind, kind), "--set", setting]
    done = subprocess.run([sys.executable, "-c", code, *words_typed], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (2, "set()")
    assert words in done.stderr
