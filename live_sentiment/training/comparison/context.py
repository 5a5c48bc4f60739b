"""What every section of the paper's page is measured with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.progress import Progress, TaskID

import live_sentiment
from live_sentiment.core.config import Config
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.comparison.cells import Cells
from live_sentiment.training.evaluation.shipped import weights_of


@dataclass(frozen=True, slots=True)
class PaperTask:
    """What `live-sentiment compare --paper` is asked for."""

    data: Path
    """Holds text, voice, face and multimodal."""
    output: Path
    """The Markdown file; JSON with every number lies beside it."""
    work: Path
    """Folder of cells and embeddings; with what is in it an interrupted run goes on."""
    seeds: int = 10
    """Of the fusers on CMU-MOSI's features."""
    voice_seeds: int = 3
    """Of folds and heads."""
    pair_seeds: int = 5
    """Of the draws of synthetic pairs."""
    imputation_seeds: int = 5
    """Of fusers and imputers on CMU-MOSI's features."""
    cache: Path | None = None
    """Of embeddings, where they are kept apart from the work folder: beside what `train` wrote, say."""
    fresh: bool = False
    """Compute every cell anew."""


@dataclass(frozen=True, slots=True)
class Context:
    """The task with its tools."""

    task: PaperTask
    config: Config
    store: ModelStore
    cells: Cells
    bars: Progress

    @property
    def cache(self) -> Path:
        """Where embeddings are kept."""
        return self.task.cache or self.task.work / "cache"

    def bar(self, label: str, total: int | None = None) -> Callable[[int, int], None]:
        """A progress bar: the function is told how much is done, and how much there is."""
        task: TaskID = self.bars.add_task(label, total=total)
        return lambda done, whole: self.bars.update(task, completed=done, total=whole)

    def weights(self, part: str) -> str:
        """SHA-256 of the trained weights in use: text, voice, face or fusion."""
        return load_shipped(weights_of(part, self.config)).sha256


def fingerprint_of_files(folder: Path) -> str:
    """Hash of the names and sizes of all files below a folder: enough to tell that data has changed."""
    lines = sorted(
        f"{path.relative_to(folder)} {path.stat().st_size}" for path in folder.rglob("*") if path.is_file()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def fingerprint_of_code(*parts: str | ModuleType) -> str:
    """Hash of source files: of these modules, and of the files, patterns and folders named below the package.

    A cell depends on the code that computed it, not only on what that was given.

    Raises:
        FileNotFoundError: a name below the package stands for no source file.
    """
    root = Path(live_sentiment.__file__).parent
    files: list[Path] = []
    for part in parts:
        if isinstance(part, str):
            found = sorted(root.glob(f"{part}/**/*.py" if (root / part).is_dir() else part))
            if not found:
                raise FileNotFoundError(f"no source file of {root} is named {part}")
            files += found
        elif part.__file__ is not None:
            files.append(Path(part.__file__))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def settings(config: Config, names: Sequence[str]) -> dict[str, Any]:
    """Parts of the configuration that a cell depends on, such as "perception.text"."""
    tree = json.loads(config.model_dump_json())
    found: dict[str, Any] = {}
    for name in names:
        value: Any = tree
        for step in name.split("."):
            value = value[step]
        found[name] = value
    return found
