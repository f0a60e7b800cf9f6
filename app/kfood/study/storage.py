"""Where workers meet: a database, opened through Optuna, whose troubles are told in a sentence."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError, SQLAlchemyError

from kfood.errors import KfoodError, MachineError
from kfood.system.locks import Lock
from kfood.system.os_errors import cannot_use

_SQLITE = "sqlite:///"
_TRIES = 4
_WAIT = 60  # seconds that a process waits for another that writes to the same SQLite file


def local_storage(folder: Path) -> str:
    """Return the URL of the SQLite file in a study's folder, for workers of one machine."""
    return f"{_SQLITE}{folder.absolute() / 'study.db'}"


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite storage; None for a database server."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def exclusive(url: str) -> AbstractContextManager[object]:
    """Within it, no other process of this kind is: SQLite's own locks do not cover reading before writing.

    A database server needs no such help.
    """
    file = file_of(url)
    return Lock(f"{file}.lock") if file else nullcontext()


def open_storage(url: str, heartbeat: int, grace: int) -> RDBStorage:
    """Open a storage, made where it is not there.

    Args:
        url: such as sqlite:////home/me/study.db or postgresql://user:password@host/name.
        heartbeat: seconds between the signs of life of a worker.
        grace: seconds without one after which its work is given back.

    Raises:
        KfoodError: the URL is wrong or its driver is not installed.
        MachineError: the storage cannot be reached.
    """
    if file := file_of(url):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_use(file.parent, error) from None
    with translate_errors(url), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls heartbeats experimental
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with exclusive(url):  # two that make the same tables at once would get in each other's way
            for _ in range(_TRIES):
                with suppress(IntegrityError, ProgrammingError):  # on a server they do: the next time, they are there
                    return _storage(url, heartbeat, grace)
                time.sleep(1)
            return _storage(url, heartbeat, grace)


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Turn what a database reports into a KfoodError; the URL is named without its password."""
    try:
        yield
    except (ImportError, NoSuchModuleError) as error:
        raise KfoodError(
            f"The storage {_shown(url)} needs a driver that is not installed ({error}): pip install pg8000 for "
            "PostgreSQL, pip install pymysql for MySQL (then mysql+pymysql://…)."
        ) from None
    except ArgumentError:
        raise KfoodError(
            f'"{_shown(url)}" is no URL of a storage: it must be like sqlite:////home/me/study.db or '
            "postgresql://user:password@host/name."
        ) from None
    except (StorageInternalError, SQLAlchemyError, OSError) as error:
        reason = str(error.__cause__ or error).splitlines()[0].rstrip(".")
        raise MachineError(
            f"The storage {_shown(url)} cannot be used: {reason}. See that it is there and can be written; what was "
            "done stays done."
        ) from None


def _storage(url: str, heartbeat: int, grace: int) -> RDBStorage:
    return RDBStorage(
        _with_driver(url),
        engine_kwargs={"connect_args": {"timeout": _WAIT} if file_of(url) else {}, "pool_pre_ping": True},
        heartbeat_interval=heartbeat,
        grace_period=grace,
    )


def _with_driver(url: str) -> str:
    """Let a plain postgresql:// mean the driver that kfood names."""
    return url.replace("postgresql://", "postgresql+pg8000://", 1) if url.startswith("postgresql://") else url


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return url.rpartition("@")[2]
