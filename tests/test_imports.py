"""Every library that the package imports is one that its installation brings."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import live_sentiment
from live_sentiment.console.main import main
from live_sentiment.core.extras import EXTRAS

PACKAGE = Path(live_sentiment.__file__).parent
PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

CHECKED = {"training": "train", "serve": "serve", "export": "export"}
"""Folders that are reached once an extra was found to be there, and may import what it brings."""


def brought_by(requirements: list[str]) -> set[str]:
    """The top-level modules of what is required."""
    names = {canonicalize_name(Requirement(text).name) for text in requirements}
    return {
        module
        for module, distributions in metadata.packages_distributions().items()
        if names & {canonicalize_name(one) for one in distributions}
    }


BASE = brought_by(PROJECT["dependencies"])
EXTRA = {name: brought_by(wanted) for name, wanted in PROJECT["optional-dependencies"].items()}


def imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Every library that a module imports while it runs, and whether it expects to miss it."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, guarded = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += [(one, guarded) for one in node.orelse]
            continue
        if isinstance(node, ast.Try):
            caught = any("ImportError" in ast.unparse(one.type) for one in node.handlers if one.type)
            waiting += [(one, guarded or caught) for one in node.body]
            waiting += [(one, guarded) for one in (*node.handlers, *node.orelse, *node.finalbody)]
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], guarded) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], guarded
        waiting += [(one, guarded) for one in ast.iter_child_nodes(node)]


def test_every_import_is_declared_and_those_of_extras_are_expected_to_be_missing() -> None:
    wrong, seen = [], set()
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE)
        found = list(imports(ast.parse(file.read_text(encoding="utf-8"))))
        expected = {library for library, guarded in found if guarded}
        allowed = BASE | EXTRA.get(CHECKED.get(place.parts[0], ""), set())
        for library in {library for library, _ in found} - sys.stdlib_module_names - {"live_sentiment"}:
            seen.add(library)
            known = any(library in modules for name, modules in EXTRA.items() if name != "dev")
            if library not in allowed and not (known and library in expected):
                wrong.append(f"{place}: {library}")
    assert wrong == []
    assert {"torch", "numpy", "tokenizers", "markupsafe", "accelerate"} <= seen


def test_the_table_of_extras_is_that_of_the_installation() -> None:
    assert set(EXTRAS) == set(EXTRA) - {"dev"}
    for name, modules in EXTRAS.items():
        wanted = {
            canonicalize_name(Requirement(text).name) for text in PROJECT["optional-dependencies"][name]
        }
        distributions = metadata.packages_distributions()
        assert {canonicalize_name(distributions[module][0]) for module in modules} == wanted


WITHOUT_EXTRAS = """
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import live_sentiment
for module in pkgutil.walk_packages(live_sentiment.__path__, "live_sentiment."):
    if module.name.split(".")[1] not in {folders!r} and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def test_all_but_the_extras_can_be_imported_without_them() -> None:
    modules = {module for modules in EXTRAS.values() for module in modules}
    code = WITHOUT_EXTRAS.format(modules=modules, folders={"training", "serve"})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "train voice --data . --output a.safetensors",
        "train text --data . --output a.safetensors",
        "train face --data . --output a.safetensors",
        "train fusion --data . --output a.safetensors",
        "train cross-attention --data . --output run",
        "train experiment mine.toml --data . --output run",
        "evaluate run --data .",
        "evaluate --shipped text --data .",
        "compare --corpora mosi --data .",
        "card run",
        "cache --data . --corpus ravdess",
    ],
)
@pytest.mark.parametrize("missing", ["sklearn", "tomli_w"])
def test_training_without_its_extra_is_one_line(
    command: str, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(command.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert missing in line
    assert "pip install 'live-sentiment[train]'" in line
