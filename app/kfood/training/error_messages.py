"""What ends a training from outside - a disk, a photo that is gone, a loading process killed - in a sentence."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from kfood.errors import KfoodError, MachineError
from kfood.run.folder import Run
from kfood.system.memory import is_out_of_memory
from kfood.system.os_errors import trouble_of
from kfood.training.distributed import lost_process

# What torch says of the processes that load photos, and of what they hand over to the one that trains.
_KILLED = re.compile(r"DataLoader worker .*(killed by signal|exited unexpectedly)")
_SHARED = re.compile(r"shared memory object|shared memory ?\(shm\)|unable to (mmap|open|write).*torch_|Bus error")
_MANY_FILES = re.compile(r"received \d+ items of ancdata|Too many open files")
_COMPILER = re.compile(
    r"No working C\+\+ compiler|C\+\+ compile error|Failed to find C compiler|backend='inductor' raised"
)
_PHOTO = re.compile(r"([^\n]+) cannot be read as a photo: ([^\n]+)")


@contextmanager
def recorded(run: Run) -> Iterator[None]:
    """Work on a run alone, as `run.recording()` does; what goes wrong is told in a sentence, by its status too."""
    with explained(run), run.recording(), explained(run):  # the outer one is for what recording itself writes
        yield


@contextmanager
def explained(run: Run) -> Iterator[None]:
    """Turn what the user can put right into a KfoodError that says how to go on; its cause is the error itself.

    Raises:
        MachineError: a file cannot be written or read, or a loading process ended.
        KfoodError: memory is too small for what is trained.
    """
    try:
        yield
    except (OSError, EOFError, RuntimeError, MemoryError) as error:
        if said := _in_words(error, run):
            kind = KfoodError if is_out_of_memory(error) else MachineError
            raise kind(f"{said}; go on with:  kfood train --resume {run.folder}") from error
        raise


def _in_words(error: BaseException, run: Run) -> str | None:
    """Return what happened and what to do; None for an error that is kfood's own fault."""
    text = str(error)
    if lost := lost_process(error):
        return lost
    fewer = "let no process load photos (--set training.workers=0)"
    if photos := _PHOTO.findall(text):
        path, reason = photos[-1]  # a loading process sends its whole traceback, with this at the end
        return _of_file(path.removeprefix("OSError: "), error, f"is damaged ({reason}). Put it back")
    if isinstance(error, OSError) and error.filename:
        return _of_file(error.filename, error, f"cannot be used ({error.strerror}). See to it")
    if _MANY_FILES.search(text):
        return f"This process has too many files open: allow more (ulimit -n 4096), or {fewer}"
    if _SHARED.search(text):
        return (
            "The memory through which processes hand over photos (/dev/shm) is too small: enlarge it (with Docker, "
            f"--shm-size=2g), or {fewer}"
        )
    if _KILLED.search(text) or isinstance(error, (ConnectionError, EOFError)):
        return f"A process that loads photos was killed, as the system does where memory runs out: {fewer}"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return f"The memory is too small for another process that loads photos: {fewer}"
    if _COMPILER.search(text):
        return (
            "torch.compile cannot compile the network here: install a C++ compiler such as g++, and Python's headers "
            "(python3-dev), or train again with --set training.compile=false"
        )
    if is_out_of_memory(error):
        smaller = "close other programs, or train again with a smaller data.size or training.batch_size"
        return f"The memory is too small, in however many parts a batch is taken: {smaller}"
    return None


def _of_file(path: str, error: BaseException, otherwise: str) -> str:
    trouble = trouble_of(error)
    return f"{path} {trouble.what}. {trouble.remedy}" if trouble else f"{path} {otherwise}"
