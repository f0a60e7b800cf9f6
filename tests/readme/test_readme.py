"""Every command in README.md and recipes/README.md runs, and its Python too; trainings and photos are made small."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from kfood.cli.main import main
from kfood.data.demo import make_demo
from kfood.training.lr_range import search_learning_rate

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
README, RECIPES = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "recipes/README.md"))


def commands_in(text: str) -> list[str]:
    """The lines of code that begin with kfood, without their comments; a line that ends in \\ goes on in the next."""
    joined = re.sub(r" *\\\n +", " ", text)
    return re.findall(r"^    (kfood .+?)(?:  +#.*)?$", joined, re.MULTILINE)


COMMANDS = [*commands_in(README), *commands_in(RECIPES)]  # the recipes' commands need the runs of those before
PYTHON = re.search(r"^    import kfood\n(?:    .*\n|\n(?=    ))+", README, re.MULTILINE)[0]
SMALL = "--set training.epochs=1 --set data.size=32 --set training.batch_size=8 --set training.workers=0"
SMALL_NETWORK = "--set model.arch=resnet10t"  # in place of the recipe's, where no weights are asked for
SHORTER = {"train": SMALL, "lrfind": f"{SMALL} --seeds 1 --iterations 40", "doctor": "--quick", "serve": "--port 0"}
SHORTER_STUDY = {"new": "", "plan": "--seeds 1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder to work in, with a small demo set and photos of one's own."""
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(autouse=True)
def at_work(place, make_photos, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("KFOOD_CACHE", str(place / "cache"))
    monkeypatch.setenv("KFOOD_RUNS", "runs")
    demo = make_demo(place / "few", share=0.2)
    monkeypatch.setattr("kfood.data.demo.make_demo", lambda folder: demo)
    monkeypatch.setattr("kfood.serving.serve.run_app", lambda app, listening: None)  # it would answer for ever
    monkeypatch.setattr(search_learning_rate, "__defaults__", (1, 40))  # seeds, iterations
    if not (place / "PHOTOS").exists():
        make_photos(place / "PHOTOS", {"김치찌개": 20, "된장찌개": 20, "김밥": 20})


def run(command: str) -> int:
    name, *rest = command.split()[1:]
    shorter = SHORTER_STUDY.get(rest[0], "--seeds 1") if name == "study" else SHORTER.get(name, "")
    if SMALL in shorter and "--data" not in rest:
        shorter = f"{shorter} {SMALL_NETWORK}"
    words = shlex.split(f"{command} {shorter}".replace("--workers 2", ""))
    sys.argv = words
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    return 0


def test_the_daily_commands_and_those_about_recipes_are_shown():
    shown = {command.split()[1] for command in commands_in(README)}
    assert {"train", "lrfind", "interpret", "report", "predict", "data", "runs", "doctor"} <= shown
    about_recipes = {command.split()[1] for command in commands_in(RECIPES)}
    assert {"recipe", "train", "pair", "data", "study"} <= about_recipes


def test_no_command_is_shown_in_both():
    assert not set(commands_in(README)) & set(commands_in(RECIPES))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [])
    assert run(command) == 0, capsys.readouterr().err


def test_python_runs():
    code = "\n".join(line.removeprefix("    ") for line in PYTHON.splitlines())
    small = '"model.arch=mobilenetv3_small_050", "training.epochs=1", "data.size=32", "training.batch_size=8"'
    shortened = code.replace('kfood.recipe("mission3"', f'kfood.recipe("mission1", {small}')
    assert shortened != code
    exec(compile(shortened, "README.md", "exec"), {})
