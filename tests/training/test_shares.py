"""Each process sees its part of every batch, and of the validation photos."""

import pytest

from kfood.training.shares import shared_out


def drawn(loader) -> list[list[int]]:
    """The photos of each batch of an epoch, by their paths."""
    loader.rng.seed(7)
    numbers = list(loader.get_idxs())
    batches = [numbers[start : start + loader.bs] for start in range(0, len(numbers), loader.bs)]
    return [batch for batch in batches if len(batch) == loader.bs or not loader.drop_last]


@pytest.fixture
def in_rank(monkeypatch):
    def be(rank: int, of: int) -> None:
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(of))

    return be


@pytest.mark.parametrize("method", ["none", "over"])
@pytest.mark.parametrize("of", [2, 4, 5])
def test_parts_together_are_the_batches_and_the_photos_of_a_single_process(tiny, in_rank, method, of):
    dls = tiny(sampling={"method": method}).dls
    train, valid = dls
    whole, judged = drawn(train), drawn(valid)
    kinds, sizes = [type(loader) for loader in dls], [loader.bs for loader in dls]
    parts, seen = [], []
    for rank in range(of):
        in_rank(rank, of)
        with shared_out(dls):
            parts.append(drawn(train))
            assert len(train) == len(parts[-1]) == len(whole)
            seen.append(drawn(valid))
            assert len(valid) == len(seen[-1])
    together = [[number for part in parts for number in part[batch]] for batch in range(len(whole))]
    assert together == whole
    assert [n for part in seen for batch in part for n in batch] == [n for batch in judged for n in batch]
    assert [type(loader) for loader in dls] == kinds and [loader.bs for loader in dls] == sizes
