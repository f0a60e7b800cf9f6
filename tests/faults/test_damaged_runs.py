"""A byte changed, or an end cut off, in any file of a run: it is named, or nothing that is told of the run changes."""

import random
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from kfood.errors import KfoodError
from kfood.recipes.load import load_recipe
from kfood.run.folder import INTERRUPTED, Run
from kfood.run.tables import run_list
from kfood.training.callbacks.checkpoint import Checkpoint
from kfood.training.checkpoint_files import load_checkpoint
from kfood.training.restore import predictor_of
from kfood.training.stop import Stop
from kfood.training.train import resume, train
from support.small import SMALL
from support.soak import cases

pytestmark = pytest.mark.slow

PLACES = cases(3, 100)  # in each file


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("damaged") / "photos", {"갈비찜": 26, "김밥": 18})


@pytest.fixture(scope="module")
def done(photos, tmp_path_factory):
    return train(load_recipe("mission1", SMALL, str(photos)), tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def stopped(photos, tmp_path_factory):
    """A run that was stopped in its second epoch."""
    stop, original = Stop(), Checkpoint.after_batch

    def after_batch(self):
        stop.requested = 2 if self.epoch == 1 and self.iter == 1 else 0
        original(self)

    runs = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "after_batch", after_batch)
        with pytest.raises(BaseException, match="2"):
            train(load_recipe("mission1", SMALL, str(photos)), runs, stop=stop)
    (folder,) = runs.glob("*/*/recipe.toml")
    return Run(folder.parent)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change one byte, or cut an end off."""
    place = rng.randrange(len(content))
    if rng.random() < 0.2:
        return content[:place]
    other = content[place] ^ rng.randrange(1, 256)
    return content[:place] + bytes([other]) + content[place + 1 :]


def plain(value):
    if isinstance(value, pd.DataFrame):
        return value.to_csv(index=False)
    if isinstance(value, dict):
        return {key: each.tolist() if isinstance(each, torch.Tensor) else each for key, each in value.items()}
    return value


TOLD = {  # all that anything is said from
    "recipe": lambda run: run.recipe,
    "environment": lambda run: run.environment,
    "samples": lambda run: run.samples,
    "history": lambda run: run.history,
    "metrics": lambda run: run.metrics,
    "predictions": lambda run: run.predictions,
    "model": lambda run: predictor_of(run).model.state_dict(),
    "classes": lambda run: list(predictor_of(run).dls.vocab),
}


def files_of(run: Run) -> list[Path]:
    return sorted(path.relative_to(run.folder) for path in run.folder.rglob("*") if path.is_file())


def test_nothing_wrong_is_told_of_a_finished_run(done, tmp_path):
    copy = Run(shutil.copytree(done.folder, tmp_path / "mission1" / "run"))
    whole = {name: plain(tell(copy)) for name, tell in TOLD.items()}
    rng, named = random.Random(0), 0
    for file in files_of(copy):
        path, content = copy.folder / file, (copy.folder / file).read_bytes()
        for _ in range(PLACES if content else 0):
            path.write_bytes(damaged(content, rng))
            for name, tell in TOLD.items():
                try:
                    assert plain(tell(Run(copy.folder))) == whole[name], f"{file}: {name}"
                except KfoodError as error:
                    named += 1
                    assert str(path) in str(error), f"{file}: {error}"
            (row,) = run_list([Run(copy.folder)])
            assert row.get("test") in (None, done.metrics["test"]["accuracy"]), file
        path.write_bytes(content)
    assert named > PLACES * 7  # recipe, environment, samples, history, metrics, predictions, model


def test_a_stopped_run_goes_on_rightly_or_not_at_all(stopped, monkeypatch):
    """From the checkpoint before where the last one is damaged; and from no other recipe, photos or start."""
    going_on = []
    monkeypatch.setattr("kfood.training.train.finish", lambda run, *_: going_on.append(run.recipe))
    whole = (stopped.recipe, stopped.samples.to_csv())
    states = sorted(stopped.checkpoints.glob("*.pt"))
    assert [path.name[:13] for path in states] == ["00001-0000000", "00001-0000002"]
    rng = random.Random(1)
    for file in files_of(stopped):
        path, content = stopped.folder / file, (stopped.folder / file).read_bytes()
        for _ in range(PLACES if content else 0):
            path.write_bytes(damaged(content, rng))
            again = Run(stopped.folder)
            state = load_checkpoint(again.checkpoints)
            assert (state["epoch"], state["batch"]) == ((1, 0) if path == states[1] else (1, 2)), file
            if path.name in ("recipe.toml", "environment.json", "samples.csv", "checksums.json"):
                with pytest.raises(KfoodError, match=path.name):
                    resume(again)
            else:
                assert (again.recipe, again.samples.to_csv()) == whole
        path.write_bytes(content)
    assert going_on == []
    assert Run(stopped.folder).status == INTERRUPTED
