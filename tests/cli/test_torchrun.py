"""torchrun takes what is a short form of an option of its own for one, also after the name of the program."""

import pytest
from torch.distributed.run import parse_args
from typer.main import get_command

from kfood.cli.main import app

# of several spellings of an option, one that torchrun leaves alone is enough
SPELLINGS = [option.opts for option in get_command(app).commands["train"].params if option.opts[0].startswith("--")]


def passes(option: str) -> bool:
    try:
        parsed = parse_args(["--nproc-per-node", "2", "-m", "kfood", "train", "mission1", option, "value"])
    except SystemExit:
        return False
    return parsed.training_script_args == ["train", "mission1", option, "value"]


@pytest.mark.parametrize("spellings", SPELLINGS, ids=" ".join)
def test_every_option_of_a_training_can_be_given_through_torchrun(spellings):
    assert any(passes(option) for option in spellings)
