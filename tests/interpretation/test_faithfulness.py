"""Maps of what decides are told from maps of something else."""

import numpy as np
import pytest
import torch

from kfood.interpretation import faithfulness as module
from kfood.interpretation.faithfulness import SHARES, faithfulness
from support.patches import ColourBody, a_learner


@pytest.fixture
def judged(patches, monkeypatch):
    """Return a function: what is done to the maps -> how faithful they are then, for a network that goes by patches."""
    learner = a_learner(patches.photos, ColourBody())
    learner.model.head.weight.data *= 20  # sure of itself
    targets = [number % 2 for number in range(6)]
    original = module.maps_of_batch

    def judge(change=lambda maps: maps):
        monkeypatch.setattr(module, "maps_of_batch", lambda *args: change(original(*args)))
        return faithfulness(learner, patches.photos, targets)

    return judge


def test_maps_of_what_decides_are_better_than_chance(judged):
    found = judged()
    assert found.low > 0
    assert found.n == 6
    assert "show what decides" in found.verdict()
    assert f"{found.gain:+.3f}" in found.verdict()


def test_maps_turned_round_are_misleading(judged):
    found = judged(lambda maps: -maps)
    assert found.high < 0
    assert "misleading" in found.verdict()


def test_maps_that_say_nothing_cannot_be_told_from_chance(judged):
    rng = torch.Generator().manual_seed(9)
    found = judged(lambda maps: torch.rand(maps.shape, generator=rng))
    assert found.low < 0 < found.high
    assert "cannot be told" in found.verdict()


def test_curves_begin_and_end_with_the_whole_photo_and_with_grey(judged):
    found = judged()
    assert found.deletion[0] == pytest.approx(found.insertion[-1], abs=1e-6)
    assert found.deletion[-1] == pytest.approx(0.5, abs=1e-6)  # neither red nor blue
    np.testing.assert_allclose(found.deletion[[0, -1]], found.chance_deletion[[0, -1]], atol=1e-6)
    table = found.table()
    assert list(table["share"]) == list(SHARES)
    np.testing.assert_array_equal(table["deletion"], found.deletion)


def test_places_are_taken_away_where_the_map_is_highest_first():
    photo = torch.randn(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    changed = []

    class Watches(torch.nn.Module):
        def forward(self, photos):
            changed.append((photos != photo).all(1)[0])
            return torch.zeros(1, 2)

    maps = torch.arange(20.0).flip(0).view(1, 20, 1).expand(1, 20, 20)  # highest in the first row
    module._curves(Watches(), photo, [0], maps)
    deletion, insertion = changed[: len(SHARES)], changed[len(SHARES) :]
    for number, (grey, still_blurred) in enumerate(zip(deletion, insertion, strict=True)):
        assert grey[: 4 * number].all() and not grey[4 * number :].any()
        assert torch.equal(still_blurred, ~grey)
