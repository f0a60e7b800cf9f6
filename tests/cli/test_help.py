"""Help and lists come at once: nothing heavy is imported for them, and every command explains itself."""

import json
import subprocess
import sys

import pytest

from support.imported import imported_by

pytestmark = pytest.mark.slow

HEAVY = {"torch", "torchvision", "fastai", "timm", "pandas", "matplotlib", "scipy", "sklearn"}
COMMANDS = [
    ["train"],
    ["lrfind"],
    ["interpret"],
    ["report"],
    ["predict"],
    ["doctor"],
    ["recipe", "ls"],
    ["recipe", "show"],
    ["recipe", "cp"],
    ["recipe", "check"],
    ["data", "check"],
    ["data", "duplicates"],
    ["data", "unpack"],
    ["runs", "ls"],
    ["runs", "show"],
    ["runs", "compare"],
]


def test_help_and_recipes_import_nothing_heavy():
    asked = [["--help"], ["recipe", "ls"], ["recipe", "show", "mission3"], ["recipe", "show", "mission3", "--resolved"]]
    asked += [[*command, "--help"] for command in COMMANDS]
    imported = imported_by(*asked)
    assert "kfood.recipes.load" in imported
    assert HEAVY.isdisjoint(imported)


_COUNT_COLLECTIONS = """
import atexit, gc, json, sys
def count():
    print(json.dumps([gc.get_stats()[2]["collections"], gc.get_freeze_count(), len(gc.get_objects())]))
atexit.register(count)
from kfood.cli.main import main
sys.argv = ["kfood", "recipe", "ls"]
try:
    main()
finally:
    import torch
"""


def test_what_imports_make_is_not_looked_through_for_garbage():
    """Neither meanwhile, where Python would do it several times, nor at the end of the process."""
    command = [sys.executable, "-c", _COUNT_COLLECTIONS]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    collections, spared, left = json.loads(answer.splitlines()[-1])
    assert collections == 0
    assert spared > 100_000 and left < 1000


def test_help_names_every_command(kfood):
    answer = kfood("--help")
    assert (answer.code, answer.err) == (0, "")
    for command in COMMANDS:
        assert command[0] in answer.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_a_sentence_of_help_and_explains_its_options(kfood, command):
    answer = kfood(*command, "--help")
    assert answer.code == 0
    assert f"Usage: kfood {' '.join(command)}" in answer.out
    sentence = answer.out.splitlines()[3].strip()
    assert sentence[0].isupper() and sentence.endswith(".")


@pytest.mark.parametrize(("group", "inside"), [([], "train"), (["recipe"], "show"), (["runs"], "compare")])
def test_a_group_without_a_command_shows_its_help(kfood, group, inside):
    answer = kfood(*group)
    assert inside in answer.out + answer.err
    assert "Traceback" not in answer.err


def test_the_version_is_the_packages(kfood):
    from importlib.metadata import version

    assert kfood("--version").out.strip() == version("kfood")
