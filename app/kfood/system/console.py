"""stdout and stderr as people have them: other encodings than UTF-8, and pipes that are closed at the other end."""

from __future__ import annotations

import os
import sys


def write_what_can_be_written() -> None:
    """Let letters that the console's encoding lacks, such as Hangul in ASCII, come out as "?" instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's has none
            stream.reconfigure(errors="replace")


def go_on_without_stdout() -> None:
    """Let what is still to be printed vanish, because nobody reads it any more: the work itself goes on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
