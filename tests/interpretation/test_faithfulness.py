"""Maps of what decides are told from maps of something else, and from maps that owe nothing to the network."""

import numpy as np
import pandas as pd
import pytest
import torch

from kfood.interpretation import faithfulness as module
from kfood.interpretation import randomised as randomised_module
from kfood.interpretation.activation import maps_of_batch
from kfood.interpretation.faithfulness import SHARES, Faithfulness, Gain, area, compared, faithfulness
from kfood.interpretation.randomised import Similarity, randomised, rank_correlation
from support import planted
from support.patches import a_learner, draw_patches

FAR, NONE = Gain(0.2, 0.1, 0.3), Gain(0.0, -0.1, 0.1)
ALIKE, CHANGED = Similarity(0.9, 0.8, 1.0), Similarity(0.1, -0.1, 0.3)
BLOB = module._centre(8)


@pytest.fixture(scope="module")
def decided():
    """A network that goes by one place of each photo, 24 photos and their classes."""
    return planted.network(), *planted.photos(24, torch.Generator().manual_seed(0))


def learner_of(photos):
    learner = a_learner(photos, planted.FilterBody())
    learner.model = planted.network()
    return learner


def found(swapped=FAR, centre=FAR, network=CHANGED):
    return Faithfulness(pd.DataFrame(), swapped, centre, CHANGED, network, 48, 0.95, "cam", (7, 7))


def test_maps_of_the_place_that_decides_are_faithful(decided):
    network, photos, classes = decided
    curves, swapped, centre = compared(network, photos, classes, maps_of_batch(network, photos, classes))
    assert swapped.low > 0.1 and centre.low > 0.1
    assert (curves["deletion"] <= curves["deletion_swapped"] + 1e-6).all()
    assert (curves["insertion"] >= curves["insertion_centre"] - 1e-6).all()


def test_the_middle_of_every_photo_is_not_faithful_however_well_it_does():
    """Against noise in each cell a blob in the middle wins where dishes lie in the middle: so it passed before."""
    network, (photos, classes) = planted.network(), planted.photos(24, torch.Generator().manual_seed(0), spread=0.5)
    maps = BLOB.expand(len(photos), -1, -1)
    noise = torch.rand(maps.shape, generator=torch.Generator().manual_seed(0))
    every = np.arange(len(photos))
    scores = [
        np.subtract(*map(area, module._curves(network, photos, classes, each, every, every).flip(0).numpy()))
        for each in (maps, noise)
    ]
    assert scores[0].mean() > scores[1].mean() + 0.05
    _, swapped, _ = compared(network, photos, classes, maps)
    assert swapped == (0, 0, 0)


def test_maps_turned_round_are_misleading(decided):
    network, photos, classes = decided
    _, swapped, _ = compared(network, photos, classes, -maps_of_batch(network, photos, classes))
    assert swapped.high < 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["noise", "smooth", "middle"])
def test_maps_that_know_nothing_of_their_photos_are_rarely_called_faithful(kind):
    """At most 5 % of runs; of 1,000 and more see tests/benchmarks/faithfulness_rates.py."""
    network, rng, cases = planted.network(), torch.Generator().manual_seed(5), 80
    fooled = 0
    for _ in range(cases):
        photos, classes = planted.photos(16, rng)
        _, swapped, _ = compared(network, photos, classes, planted.random_maps(16, rng, kind))
        fooled += swapped.low > 0
    assert fooled <= 6  # at 2.5 % more in 0.3 % of such tests


def test_the_whole_of_it_from_photos_on_disk(tmp_path):
    photos, _ = draw_patches(tmp_path, 16, noise=20)
    learner = learner_of(photos)
    found = faithfulness(learner, photos, [number % 2 for number in range(16)])
    assert found.is_faithful
    assert (found.n, found.cells, found.method) == (16, (4, 4), "cam")
    assert "The maps show what decides" in found.verdict()
    assert f"{found.swapped.mean:+.3f}" in found.verdict() and f"{found.network.mean:+.2f}" in found.verdict()


def test_maps_that_owe_nothing_to_the_network_are_not_faithful(tmp_path, monkeypatch):
    """They are where the photo is coloured, which is where it is decided, but so they are without the network."""

    def coloured(model, photos, targets, against=None, method="cam"):
        return torch.nn.functional.avg_pool2d(photos.std(1), 8)

    monkeypatch.setattr(module, "maps_of_batch", coloured)
    monkeypatch.setattr(randomised_module, "maps_of_batch", coloured)
    photos, _ = draw_patches(tmp_path, 16, noise=20, both=False)
    found = faithfulness(learner_of(photos), photos, [number % 2 for number in range(16)])
    assert found.swapped.low > 0 and found.centre.low > 0
    assert found.network.mean == pytest.approx(1)
    assert not found.is_faithful
    assert "a network that has learned nothing gives much the same maps" in found.verdict()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (found(), "The maps show what decides: "),
        (found(network=ALIKE), "is not shown: their places matter, but a network that has learned nothing"),
        (found(centre=NONE), "is not shown: they fit their own photo better than another, but its middle may matter"),
        (found(centre=Gain(-0.2, -0.3, -0.1)), "but its middle matters more"),
        (found(swapped=NONE), "is not shown: other photos' maps may do as well"),
        (found(swapped=NONE, centre=NONE), "Nothing shows that these maps are faithful"),
        (
            found(swapped=NONE, centre=Gain(-0.2, -0.3, -0.1)),
            "faithful, and the middle of a photo matters more: do not",
        ),
        (found(swapped=Gain(np.nan, np.nan, np.nan), centre=NONE), "Nothing shows that these maps are faithful"),
        (found(swapped=Gain(-0.2, -0.3, -0.1)), "misleading"),
    ],
)
def test_the_sentence_says_what_the_comparisons_show_and_no_more(result, words):
    assert words in result.verdict()
    assert result.is_faithful == ("The maps show what decides: " in result.verdict())


def test_the_gain_is_the_area_between_the_curves_of_map_and_other(decided):
    network, photos, classes = decided
    curves, swapped, centre = compared(network, photos, classes, maps_of_batch(network, photos, classes))
    for name, gain in (("swapped", swapped), ("centre", centre)):
        up = np.interp(np.linspace(0, 1, 10001), curves["share"], curves["insertion"] - curves[f"insertion_{name}"])
        down = np.interp(np.linspace(0, 1, 10001), curves["share"], curves[f"deletion_{name}"] - curves["deletion"])
        assert gain.mean == pytest.approx(up.mean() + down.mean(), abs=2e-4)


def test_the_area_under_a_straight_line_is_half():
    assert area(np.array([SHARES, np.ones(len(SHARES))])) == pytest.approx([0.5, 1])


def test_curves_begin_and_end_with_the_whole_photo_and_with_grey(decided):
    network, photos, classes = decided
    curves, _, _ = compared(network, photos, classes, maps_of_batch(network, photos, classes))
    assert list(curves["share"]) == list(SHARES)
    assert curves["deletion"].iloc[0] == pytest.approx(curves["insertion"].iloc[-1], abs=1e-6)
    assert curves["deletion"].iloc[-1] == pytest.approx(0.5, abs=1e-6)  # neither red nor blue
    for kind in ("swapped", "centre"):
        np.testing.assert_allclose(
            curves["deletion"].iloc[[0, -1]], curves[f"deletion_{kind}"].iloc[[0, -1]], atol=1e-6
        )


def test_places_are_taken_away_where_the_map_is_highest_first():
    photo = torch.randn(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    changed = []

    class Watches(torch.nn.Module):
        def forward(self, photos):
            changed.append((photos != photo).all(1)[0])
            return torch.zeros(1, 2)

    maps = torch.arange(20.0).flip(0).view(1, 20, 1).expand(1, 20, 20)  # highest in the first row
    module._curves(Watches(), photo, [0], maps, np.array([0]), np.array([0]))
    between = len(SHARES) - 2
    for number, (grey, still_blurred) in enumerate(zip(changed[:between], changed[between:], strict=False), start=1):
        assert grey[: 4 * number].all() and not grey[4 * number :].any()
        assert torch.equal(still_blurred, ~grey)
    whole, grey, blurred = changed[2 * between :]
    assert not whole.any() and grey.all() and blurred.all()


def test_each_photo_is_tried_on_the_maps_of_others_but_its_own(decided, monkeypatch):
    network, photos, classes = decided
    asked = []
    original = module._curves
    monkeypatch.setattr(module, "_curves", lambda *args: asked.append(args[4:]) or original(*args))
    compared(network, photos[:10], classes[:10], torch.rand(10, 4, 4))
    tried, judged = asked[0]
    for photo in range(10):
        maps = tried[judged == photo]
        assert photo in maps and len(set(maps)) == len(maps) == 5  # ten photos are two blocks of five


@pytest.mark.parametrize("whole", [False, True])
def test_weights_at_random_are_the_same_numbers_elsewhere(decided, whole):
    network, photos, _ = decided
    changed = randomised(network, whole, photos)
    assert torch.equal(network.head.weight, planted.network().head.weight)
    assert torch.equal(changed.body.filters.weight, network.body.filters.weight) != whole
    for before, after in zip(network.parameters(), changed.parameters(), strict=True):
        torch.testing.assert_close(before.flatten().sort().values, after.flatten().sort().values)
    assert not torch.equal(changed.head.weight, network.head.weight)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ([1, 2, 3, 9], [0, 5, 6, 7], 1),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1),
        ([1, 1, 1, 1], [1, 1, 1, 1], 1),
        ([1, 1, 1, 1], [1, 2, 3, 4], 0),
        ([1, 2, 2, 4], [1, 2, 3, 4], 0.9486833),
    ],
)
def test_rank_correlation_is_spearmans(first, second, wanted):
    assert rank_correlation(np.array(first), np.array(second)) == pytest.approx(wanted)
