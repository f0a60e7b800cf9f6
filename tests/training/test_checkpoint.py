"""A training that was stopped, at whatever batch, ends bit for bit as one that was not."""

import random

import numpy as np
import pytest
import torch

from kfood.doctor.proof import differences
from kfood.errors import KfoodError, Stopped
from kfood.model.build import Precision
from kfood.model.precision import choose_precision
from kfood.recipes.load import load_recipe
from kfood.run.folder import DONE, INTERRUPTED, Run
from kfood.training import learner as learner_module
from kfood.training import restore
from kfood.training.callbacks.checkpoint import Checkpoint, random_state, set_random_state
from kfood.training.checkpoint_files import load_checkpoint, save_checkpoint
from kfood.training.stop import Stop
from kfood.training.train import resume, train

pytestmark = pytest.mark.slow

SMALL = (
    "model.arch=test_resnet",
    "data.size=32",
    "training.epochs=3",
    "training.batch_size=8",
    "training.workers=0",
    "augment.transforms=random_crop,horizontal_flip",
    "data.presize=1.25",
)
KINDS = {
    "plain": (),
    "step": ("schedule.name=step", "schedule.step_size=1", "optimizer.name=nadam", "model.freeze_epochs=2"),
    "cosine": ("schedule.name=cosine", "optimizer.name=sgd", "optimizer.momentum=0.9", "model.head=dropout_bn"),
    "one cycle": (
        "schedule.name=one_cycle",
        "optimizer.name=adamw",
        "training.mixup=0.4",
        "training.cutmix=1",
        "augment.erasing=0.5",
        "augment.policy=trivial_augment",
        "model.drop_path=0.1",
        "training.ema=0.9",
        "probe.epochs=2",
    ),
    "two workers": (
        "training.workers=2",
        "data.resize=crop",
        "data.cache=false",
        "sampling.method=over",
        "training.accumulate=2",
        "optimizer.name=rmsprop",
    ),
    "stops early": ("training.early_stopping=1", "training.epochs=4"),
}


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("stopped") / "photos", {"갈비찜": 26, "김밥": 18})


@pytest.fixture
def stopping(monkeypatch):
    """Return a function: batches after which to stop -> what asks for it."""

    def after(batches: int) -> Stop:
        stop, original, seen = Stop(), Checkpoint.after_batch, []

        def counted(self):
            if self.training and self.stop is stop:
                seen.append(1)
                if len(seen) == batches:
                    stop.requested = 2
            original(self)

        monkeypatch.setattr(Checkpoint, "after_batch", counted)
        return stop

    return after


def recipe_of(photos, kind):
    return load_recipe("mission1", [*SMALL, *KINDS[kind]], str(photos))


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_twice_it_ends_as_if_it_had_never_stopped(photos, tmp_path, stopping, kind):
    """28 training photos: 3 batches an epoch. Stopped within the first epoch and within the second or at its end."""
    whole = train(recipe_of(photos, kind), tmp_path / "whole")
    with pytest.raises(Stopped):
        train(recipe_of(photos, kind), tmp_path / "runs", stop=stopping(2))
    (folder,) = (tmp_path / "runs" / "mission1").iterdir()
    assert Run(folder).status == INTERRUPTED
    assert not Run(folder).weights_file.exists()
    with pytest.raises(Stopped):  # the two batches of before are drawn again, and counted
        resume(Run(folder), stopping(5 if kind == "plain" else 6))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)  # what was random before counts no longer
    run = resume(Run(folder))
    assert run.status == DONE
    assert differences(whole, run) == []
    assert not list(run.checkpoints.glob("*.pt"))


def test_the_number_format_is_part_of_the_run(photos, tmp_path, stopping, monkeypatch):
    """What is fast may be measured otherwise the second time; the run goes on, and predicts, as it began."""
    measured = [Precision(torch.bfloat16, torch.float32)]

    def chosen(recipe, device, noted=""):
        return choose_precision(recipe, device, noted) if noted else measured[-1]

    for module in (learner_module, restore):
        monkeypatch.setattr(module, "choose_precision", chosen)
    recipe = load_recipe("mission1", [*SMALL, "training.precision=auto"], str(photos))
    whole = train(recipe, tmp_path / "whole")
    with pytest.raises(Stopped):
        train(recipe, tmp_path / "runs", stop=stopping(4))
    (folder,) = (tmp_path / "runs" / "mission1").iterdir()
    measured.append(Precision(torch.float32, torch.float32))
    run = resume(Run(folder))
    assert differences(whole, run) == []
    assert run.precision == "bfloat16, predicting float32"
    for learner in (restore.restore_learner(run), restore.predictor_of(run)):
        assert str(learner.model.precision) == run.precision


def test_a_number_format_of_another_version_is_refused():
    with pytest.raises(KfoodError, match='"float8", which is no number format'):
        Precision.parse("float8")
    for formats in (Precision(torch.float32, torch.float32), Precision(torch.bfloat16, torch.float32)):
        assert Precision.parse(str(formats)) == formats


@pytest.mark.parametrize(("then", "now"), [(2, 1), (1, 2), (2, 0), (0, 1)])
def test_random_numbers_go_on_with_fewer_or_more_gpus(monkeypatch, then, now):
    """CUDA is acted: what is asked of it beyond the GPUs that are there raises, as torch does."""
    own = torch.Generator().get_state()

    def set_state(state, number):
        if number >= now:
            raise AssertionError("Invalid device id")
        done.append(number)

    done = []
    state = random_state() | {"cuda": [own] * then}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: now > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: now)
    monkeypatch.setattr(torch.cuda, "set_rng_state", set_state)
    monkeypatch.setattr(
        torch.cuda, "set_rng_state_all", lambda states: [set_state(each, n) for n, each in enumerate(states)]
    )
    set_random_state(state)
    assert done == list(range(min(then, now)))


def test_killed_before_its_first_checkpoint_it_begins_anew(photos, tmp_path, monkeypatch):
    whole = train(recipe_of(photos, "plain"), tmp_path / "whole")

    class Killed(BaseException):
        pass

    def killed(self):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Checkpoint, "after_batch", killed)
        train(recipe_of(photos, "plain"), tmp_path / "runs")
    (folder,) = (tmp_path / "runs" / "mission1").iterdir()
    assert differences(whole, resume(Run(folder))) == []


def test_what_ends_between_training_and_predicting_goes_on_there(photos, tmp_path, monkeypatch):
    whole = train(recipe_of(photos, "plain"), tmp_path / "whole")

    def failing(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr("kfood.training.train.write_results", failing)
        train(recipe_of(photos, "plain"), tmp_path / "runs")
    (folder,) = (tmp_path / "runs" / "mission1").iterdir()
    assert Run(folder).status == "failed"
    trained = []
    monkeypatch.setattr(Checkpoint, "before_train", lambda self: trained.append(self.epoch))
    assert differences(whole, resume(Run(folder))) == []
    assert trained == []


def test_checkpoints_come_by_time_within_an_epoch(photos, tmp_path, monkeypatch):
    """A minute passes with every look at the clock."""
    saved, clock = [], iter(range(10**6))
    monkeypatch.setattr("kfood.training.callbacks.checkpoint.time.monotonic", lambda: 60.0 * next(clock))
    monkeypatch.setattr(
        "kfood.training.callbacks.checkpoint.save_checkpoint",
        lambda state, _: saved.append((state["epoch"], state["batch"])),
    )
    recipe = load_recipe("mission1", [*SMALL, "training.checkpoint_minutes=0", "training.epochs=2"], str(photos))
    train(recipe, tmp_path / "runs")
    assert saved == [(1, 0), (2, 0)]
    saved.clear()
    often = load_recipe("mission1", [*SMALL, "training.checkpoint_minutes=1", "training.epochs=2"], str(photos))
    train(often, tmp_path / "runs")
    assert [place for place in saved if place[1]] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]


def test_photos_that_changed_are_named(make_photos, tmp_path, stopping):
    photos = make_photos(tmp_path / "mine", {"갈비찜": 20, "김밥": 20})
    with pytest.raises(Stopped):
        train(recipe_of(photos, "plain"), tmp_path / "runs", stop=stopping(1))
    (folder,) = (tmp_path / "runs" / "mission1").iterdir()
    (photos / "김밥" / "0000.jpg").write_bytes((photos / "김밥" / "0001.jpg").read_bytes())
    with pytest.raises(KfoodError, match=r"1 photos are not what .* was trained on, such as .*0000\.jpg"):
        resume(Run(folder))
    assert Run(folder).status == INTERRUPTED


def test_a_finished_run_is_refused(photos, tmp_path):
    run = train(recipe_of(photos, "plain"), tmp_path / "runs")
    with pytest.raises(KfoodError, match="is done: there is nothing to go on with"):
        resume(run)


# Files

STATE = {"epoch": 1, "batch": 0, "weights": {"a": torch.arange(4.0)}, "rows": [{"x": 0.5}], "pair": (1, "b", None)}


def test_the_last_two_are_kept_and_the_latest_is_read(tmp_path):
    for epoch in range(4):
        save_checkpoint(STATE | {"epoch": epoch}, tmp_path)
    assert [path.name[:5] for path in sorted(tmp_path.iterdir())] == ["00002", "00003"]
    state = load_checkpoint(tmp_path)
    assert state["epoch"] == 3
    assert torch.equal(state["weights"]["a"], STATE["weights"]["a"])
    assert (state["rows"], state["pair"]) == (STATE["rows"], STATE["pair"])


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "another's"])
def test_a_damaged_one_is_named_and_the_one_before_is_read(tmp_path, caplog, damage):
    save_checkpoint(STATE, tmp_path)
    latest = save_checkpoint(STATE | {"epoch": 2}, tmp_path)
    content = latest.read_bytes()
    middle = len(content) // 2
    latest.write_bytes(
        {
            "cut": content[:-1],
            "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "empty": b"",
            "another's": b"x" * len(content),
        }[damage]
    )
    assert load_checkpoint(tmp_path)["epoch"] == 1
    assert latest.name in caplog.text


def test_code_in_a_checkpoint_is_not_run(tmp_path, caplog):
    from kfood.training import checkpoint_files

    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "was-run"), "w"))

    save_checkpoint({"epoch": 0, "batch": 0, "bad": Hostile()}, tmp_path)
    assert checkpoint_files.load_checkpoint(tmp_path) is None
    assert not (tmp_path / "was-run").exists()
    assert "is passed over" in caplog.text


def test_random_numbers_go_on_where_they_were():
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    random.gauss(0, 1), np.random.normal()  # each keeps a second one in store
    state = random_state()
    first = [random.gauss(0, 1), np.random.normal(), torch.rand(3).tolist(), random.random()]
    torch.save(state, "/dev/null")
    set_random_state(state)
    assert [random.gauss(0, 1), np.random.normal(), torch.rand(3).tolist(), random.random()] == first
