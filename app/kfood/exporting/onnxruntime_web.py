"""The files of onnxruntime-web, which predicts in a browser: from a folder, an archive of npm's, or npm itself."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from kfood.errors import MachineError

# The module for CPUs alone, and its engine.
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
PACKAGE = "onnxruntime-web@1"
_SECONDS = 300  # that npm may take
_HOW = (
    "run `npm pack onnxruntime-web` on a machine that has npm, and name the file that it writes, or its folder once "
    "unpacked: --onnxruntime-web FILE"
)


def put_onnxruntime_web(folder: Path, source: Path | None = None) -> None:
    """Copy the files into a folder, which is made.

    Args:
        folder: where the page looks for them.
        source: the package unpacked, or its archive (.tgz) as `npm pack` writes it; npm fetches it where not given.

    Raises:
        MachineError: there is no npm, it cannot fetch the package, or the source has not got the files.
    """
    if source is None:
        with tempfile.TemporaryDirectory() as place:
            _put(folder, _fetched(Path(place)))
    elif not source.exists():
        raise MachineError(f"There is no {source}: {_HOW}.")
    else:
        _put(folder, source)


def _put(folder: Path, source: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = _of_archive(source) if source.is_file() else _of_folder(source)
    if missing := [name for name in FILES if name not in found]:
        raise MachineError(f"{source} has no {missing[0]}, which onnxruntime-web 1.19 and newer bring: {_HOW}.")
    for name in FILES:
        (folder / name).write_bytes(found[name])


def _of_folder(source: Path) -> dict[str, bytes]:
    """Return the files of a package's folder, of what stands in it, or of one that holds them alone."""
    places = (source, source / "dist", source / "package" / "dist", source / "node_modules/onnxruntime-web/dist")
    return {name: (place / name).read_bytes() for place in places for name in FILES if (place / name).is_file()}


def _of_archive(source: Path) -> dict[str, bytes]:
    found = {}
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                name = Path(member.name).name
                if name in FILES and (content := archive.extractfile(member)):
                    found[name] = content.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise MachineError(f"{source} cannot be read as an archive of npm's ({error}): {_HOW}.") from None
    return found


def _fetched(place: Path) -> Path:
    """Let npm fetch the package and return its archive."""
    npm = shutil.which("npm")
    if not npm:
        raise MachineError(f"The page needs onnxruntime-web, and there is no npm to fetch it: {_HOW}.")
    command = [npm, "pack", PACKAGE, "--silent", "--prefer-offline", "--pack-destination", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, cwd=place, check=False)
        reason = (done.stderr or done.stdout).strip().splitlines()
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = [str(error)]
    archives = list(place.glob("*.tgz"))
    if not archives:
        raise MachineError(
            f"npm could not fetch onnxruntime-web ({reason[-1] if reason else 'it says nothing'}): {_HOW}."
        )
    return archives[0]
