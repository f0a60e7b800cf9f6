"""Too little memory is recognised, and freed memory kept."""

import pytest

from kfood.system.memory import is_out_of_memory, keep_freed_memory
from support.out_of_memory import OUT_OF_MEMORY, on_glibc


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_running_out_of_memory_is_recognised(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("size mismatch"), ValueError("x"), KeyboardInterrupt()])
def test_other_errors_are_not_taken_for_it(error):
    assert not is_out_of_memory(error)


@on_glibc
def test_freed_memory_can_be_kept_on_linux():
    assert keep_freed_memory() is True
