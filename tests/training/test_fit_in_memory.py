"""Where memory runs out, batches go in more parts; and memory that is kept changes nothing."""

import ctypes
import weakref
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from kfood.recipes.explain import validate
from kfood.recipes.load import load_recipe
from kfood.run.folder import DONE, create_run
from kfood.system.memory import keep_freed_memory
from kfood.training import fit as fit_module
from kfood.training import learner as learner_module
from kfood.training.fit import fit_in_memory
from kfood.training.stop import Stop
from kfood.training.train import train
from support.out_of_memory import OUT_OF_MEMORY, on_glibc
from support.tiny import numbers

pytestmark = pytest.mark.slow


@pytest.fixture
def failing(monkeypatch, tmp_path):
    """Return a function: settings and the errors of the first fits -> what `fit_in_memory` does about them."""

    class Tried:
        def __init__(self, errors, batch_size):
            self.recipe = validate({"training": {"batch_size": batch_size}}, "test")
            self.run = create_run(self.recipe, {}, tmp_path / "run")
            self.fitted, self.made, self.errors = [], [], list(errors)
            monkeypatch.setattr(fit_module, "fit", self.fit)
            monkeypatch.setattr(fit_module, "prepare_learner", self.prepare)

        def fit(self, learner, recipe, run, stop):
            self.fitted.append((learner.name, recipe.training.batch_size, recipe.training.accumulate))
            if self.errors:
                raise self.errors.pop(0)

        def prepare(self, recipe, prepared, start, precision):
            self.made.append(f"learner in {recipe.training.accumulate}")
            return SimpleNamespace(name=self.made[-1], model=nn.Linear(1, 1))

        def __call__(self):
            first = SimpleNamespace(name="the first", model=nn.Linear(1, 1))
            learner, _ = fit_in_memory(first, self.run, None, None, Stop())
            return learner.name

    return lambda *errors, batch_size=12: Tried(errors, batch_size)


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_each_time_memory_runs_out_the_batch_goes_in_twice_as_many_parts(failing, caplog, error):
    tried = failing(error, error)
    assert tried() == "learner in 4"
    assert tried.fitted == [("the first", 12, 1), ("learner in 2", 12, 2), ("learner in 4", 12, 4)]
    assert (tried.run.recipe.training.accumulate, tried.run.recipe.training.batch_size) == (4, 12)
    first, second = (record.getMessage() for record in caplog.records)
    assert "too small for 12 photos at a time: each batch of 12 now goes through the network in 2 parts" in first
    assert "too small for 6 photos at a time: each batch of 12 now goes through the network in 4 parts" in second


def test_enough_memory_changes_nothing(failing, caplog):
    tried = failing()
    assert tried() == "the first"
    assert tried.made == []
    assert tried.run.recipe.training.accumulate == 1
    assert not caplog.records


def test_an_error_of_another_kind_is_raised_at_once(failing):
    tried = failing(RuntimeError("size mismatch"))
    with pytest.raises(RuntimeError, match="size mismatch"):
        tried()
    assert len(tried.fitted) == 1


def test_parts_of_two_photos_are_not_halved_further(failing):
    tried = failing(*[torch.OutOfMemoryError("still") for _ in range(9)], batch_size=8)
    with pytest.raises(torch.OutOfMemoryError, match="still"):
        tried()
    assert [accumulate for _, _, accumulate in tried.fitted] == [1, 2, 4]


def test_a_training_goes_on_in_parts_after_the_first_learner_gave_back_its_memory(make_photos, tmp_path, monkeypatch):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 12, "김밥": 12})
    settings = ["model.arch=resnet10t", "data.size=32", "training.epochs=1", "training.batch_size=4"]
    recipe = load_recipe("mission1", [*settings, "training.workers=0"], str(photos))
    fit, prepare, first, held = fit_module.fit, fit_module.prepare_learner, [], []
    pixels, left = [], []  # what lies on a GPU beside the network

    def fit_once_failing(learner, recipe, run, stop):
        if not first:
            first.append(learner.model)
            pixels.extend(weakref.ref(each) for each in (learner.dls.train.labels, learner.dls.valid))
            fit(learner, recipe, run, stop)
            raise torch.OutOfMemoryError("x")
        return fit(learner, recipe, run, stop)

    def watched(*args, **named):
        left.extend(ref() for ref in pixels)
        held.extend(parameter for model in first for parameter in model.parameters())
        return prepare(*args, **named)

    monkeypatch.setattr(fit_module, "fit", fit_once_failing)
    monkeypatch.setattr(fit_module, "prepare_learner", watched)
    run = train(recipe, tmp_path / "runs")
    assert run.status == DONE
    assert run.recipe.training.accumulate == 2
    assert run.history["epoch"].tolist() == [1]
    assert len(left) == 2 and left == [None, None]
    assert held and all(parameter.is_meta and parameter.grad is None for parameter in held)


@on_glibc
def test_kept_memory_changes_nothing_that_is_learned(tiny, monkeypatch):
    mallopt, learned = ctypes.CDLL(None).mallopt, []
    for kept in (False, True):
        monkeypatch.setattr(learner_module, "keep_freed_memory", keep_freed_memory if kept else lambda: False)
        if not kept:  # as glibc begins: M_MMAP_MAX, M_TRIM_THRESHOLD
            assert mallopt(-4, 65536) and mallopt(-1, 128 * 1024)
        made = tiny(norm=True)
        with made.learner.no_logging():
            made.learner.fit(2)
        learned.append((numbers(made.model), torch.stack(list(map(torch.as_tensor, made.learner.recorder.losses)))))
    keep_freed_memory()
    assert torch.equal(learned[0][0], learned[1][0])
    assert torch.equal(learned[0][1], learned[1][1])
