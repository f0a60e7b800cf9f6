"""Too little memory is recognised, and freed memory kept."""

import pytest
import torch

from kfood.system.memory import by_halves, is_out_of_memory, keep_freed_memory
from support.out_of_memory import OUT_OF_MEMORY, on_glibc


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_running_out_of_memory_is_recognised(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("size mismatch"), ValueError("out of memory"), KeyboardInterrupt()])
def test_other_errors_are_not_taken_for_it(error):
    assert not is_out_of_memory(error)


@on_glibc
def test_freed_memory_can_be_kept_on_linux():
    assert keep_freed_memory() is True


@pytest.mark.parametrize("room", [3, 7])
@pytest.mark.parametrize("error", OUT_OF_MEMORY[:2])
def test_photos_are_taken_in_halves_until_they_fit(room, error):
    asked = []

    def compute(photos):
        asked.append(len(photos))
        if len(photos) > room:
            raise error
        return 2 * photos

    photos = torch.arange(14.0).reshape(7, 2)
    assert torch.equal(by_halves(compute, photos), 2 * photos)
    assert asked[0] == 7 and (room >= 7) == (len(asked) == 1)


def test_what_is_too_large_for_a_single_photo_or_wrong_otherwise_is_raised():
    def fails(error):
        def compute(photos):
            raise error

        return compute

    with pytest.raises(MemoryError):
        by_halves(fails(MemoryError()), torch.zeros(4))
    with pytest.raises(RuntimeError, match="mismatch"):
        by_halves(fails(RuntimeError("size mismatch")), torch.zeros(4))
