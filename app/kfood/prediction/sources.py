"""The photos that a person names: files, folders, archives and lists, given one after the other, never all at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from kfood.data.archive import Member, opened
from kfood.data.photo import EXTENSIONS
from kfood.data.tree import LeftOut, describe_unread, is_of_system, photos_below
from kfood.errors import KfoodError
from kfood.prediction.path_lists import LISTS, Line, listed_paths, paths_on_stdin
from kfood.system.paths import as_on_disk
from kfood.text import listed

log = logging.getLogger(__name__)
STDIN = "-"
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_MOST_BYTES = 2**28  # of a photo in an archive: it is held in memory
_TABLES = (".xlsx", ".xls", ".ods", ".tsv")


class Named(NamedTuple):
    """A photo, as its row shows it, and what is to be read: a file, or what gives its content, or why there is
    nothing to read. What gives the content of a photo in an archive may raise KfoodError, and does so once the next
    photo was asked for.
    """

    path: str
    content: str | Callable[[], bytes] = ""
    fault: str = ""


@dataclass
class Photos:
    """The photos that were named, to be gone through once.

    Args:
        named: the words that named them, for messages.
        total: how many there are; None where only the end of standard input will tell.
        found: the photos; None stands for a while in which nothing more came.
        folder: where all of them are, if one folder was named.
    """

    named: str
    total: int | None
    found: Iterator[Named | None]
    folder: Path | None = None

    def __iter__(self) -> Iterator[Named | None]:
        """Give the photos in their order."""
        return self.found

    def first(self, most: int) -> Iterator[Named | None]:
        """Give the photos up to a number of them."""
        given = 0
        while given < most:
            try:
                photo = next(self.found)
            except StopIteration:
                return
            given += photo is not None
            yield photo

    def nothing_read(self, reason: str) -> str:
        """Return a sentence about photos none of which could be read, the first of them for this reason."""
        return f"No photo in {self.named} can be read{f': {reason}' if reason else ''}."


def find_photos(words: Sequence[str | Path]) -> Photos:
    """Return the photos that words name, in the order of the words, those of a folder by path, each once.

    Args:
        words: image files, folders, zip and tar archives (read without unpacking), lists of paths (.txt, or .csv with
            a column `path`), and "-" for paths on standard input. What hidden or of the system is, in a folder or an
            archive, and what is a run of kfood, is passed over, as in training.

    Raises:
        KfoodError: a word names nothing, a folder or archive without a photo, an archive that cannot be read or is a
            bomb, or a list that cannot be read or is empty.
    """
    places = [as_on_disk(str(word)) for word in words]
    apart = {os.path.abspath(place) for place in places}
    parts = [_part(place, apart) for place in dict.fromkeys(places)]
    totals = [total for total, _ in parts]
    return Photos(
        named=listed(places, 3),
        total=None if None in totals else sum(total or 0 for total in totals),
        found=map(_in_unicode, chain.from_iterable(found for _, found in parts)),
        folder=Path(places[0]) if len(parts) == 1 and os.path.isdir(places[0]) else None,
    )


_Part = tuple[int | None, Iterable[Named | None]]


def _in_unicode(photo: Named | None) -> Named | None:
    """Return a photo whose path any file can hold: bytes in a name that are no UTF-8 are shown by a sign for each."""
    if photo is None or photo.path.isascii():
        return photo
    return photo._replace(path=photo.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _part(place: str, apart: set[str]) -> _Part:
    ending = place.lower()
    if place == STDIN:
        return None, (line and _of_line(line) for line in paths_on_stdin())
    if os.path.isdir(place):
        return _in_folder(Path(place), apart)
    if not os.path.isfile(place):
        raise KfoodError(f"There is no photo or folder {place}.")
    if ending.endswith(_ARCHIVES):
        return _in_archive(Path(place))
    if ending.endswith(LISTS):
        return _in_list(Path(place))
    if ending.endswith(_TABLES):
        raise KfoodError(f"{place} is not a photo: save it as CSV with a column path, or name the photos' folder.")
    return 1, [Named(place, place)]


def _in_folder(folder: Path, apart: set[str]) -> _Part:
    left_out: list[LeftOut] = []
    total = sum(1 for _ in _below(folder, apart, left_out))
    unread = describe_unread(left_out)
    if not total and not any(each != os.path.abspath(folder) and _is_in(each, folder) for each in apart):
        raise KfoodError(f"There is no photo in {folder}{_but(unread)}.")
    if unread:
        log.warning("Left out: %s.", unread)
    return total, (Named(path, path) for path in _below(folder, apart, []))


def _below(folder: Path, apart: set[str], left_out: list[LeftOut]) -> Iterator[str]:
    """Give the photos in a folder, without those that are named apart, or lie in a folder that is."""
    within = [each for each in apart if each != os.path.abspath(folder) and _is_in(each, folder)]
    for path in photos_below(folder, left_out):
        if not within or not any(_is_in(path, Path(each)) for each in within):
            yield path


def _is_in(path: str, folder: Path) -> bool:
    absolute, above = os.path.abspath(path), os.path.abspath(folder)
    return absolute == above or absolute.startswith(above.rstrip(os.sep) + os.sep)


def _but(unread: str) -> str:
    return f", but {unread}" if unread else f": their names end in {', '.join(EXTENSIONS)}"


def _in_archive(archive: Path) -> _Part:
    stack = ExitStack()
    members = [member for member in stack.enter_context(opened(archive)) if _is_photo(member.name)]
    if not members:
        stack.close()
        raise KfoodError(f"There is no photo in {archive}{_but('')}.")
    return len(members), _members(archive, members, stack)


def _is_photo(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.lower().endswith(tuple(EXTENSIONS)) and not any(is_of_system(part) for part in parts if part != ".")


def _members(archive: Path, members: list[Member], stack: ExitStack) -> Iterator[Named]:
    with stack:
        for member in members:
            yield Named(f"{archive}/{member.name}", partial(_content, member))


def _content(member: Member) -> bytes:
    if member.size > _MOST_BYTES:
        raise KfoodError(f"is {member.size / 1e9:.1f} GB large, which no photo is")
    return b"".join(member.read())


def _in_list(file: Path) -> _Part:
    total = sum(1 for _ in listed_paths(file))
    if not total:
        raise KfoodError(f"{file} lists no photos.")
    return total, map(_of_line, listed_paths(file))


def _of_line(line: Line) -> Named:
    if line.file is None:
        return Named(line.path, fault=f"there is no such file{line.looked_in}")
    return Named(line.path, line.file)
