"""What an installation brings: ranges that reach nothing untried, and constraints that name all of it."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from live_sentiment.core import libraries

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
TRIED = {
    canonicalize_name(name): Version(version)
    for name, _, version in (line.partition("==") for line in CONSTRAINTS if not line.startswith("#"))
}

ANY_VERSION = {"live-sentiment", "pip"}


def direct_requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [one for one in map(Requirement, texts) if canonicalize_name(one.name) not in ANY_VERSION]


@pytest.mark.parametrize("wanted", direct_requirements(), ids=lambda one: one.name)
def test_a_range_begins_at_what_was_tried_and_ends_before_what_was_not(wanted: Requirement) -> None:
    (bounds,) = wanted.specifier
    assert bounds.operator in ("~=", "==")
    tried = TRIED[canonicalize_name(wanted.name)]
    assert f"{tried}.".startswith(f"{bounds.version}.")
    assert wanted.specifier.contains(tried)


def test_the_constraints_name_all_that_an_installation_here_brings() -> None:
    missing: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement("live-sentiment[dev]")]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        if name not in TRIED and name not in ANY_VERSION:
            missing.add(name)
        for text in metadata.requires(name) or ():
            further = Requirement(text)
            if further.marker is None or any(
                further.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
            ):
                waiting.append(further)
    assert len(seen) > 100
    assert missing == set()


def test_the_readme_names_the_pair_that_was_tried() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    torch, torchaudio = TRIED["torch"], TRIED["torchaudio"]
    assert f"pip install torch=={torch} torchaudio=={torchaudio}" in readme
    assert f"CPU builds of torch {torch} and torchaudio {torchaudio}" in readme


def test_the_program_advises_the_pair_that_it_asks_for() -> None:
    asked = {f"{name}=={version}" for name, version in libraries.TRIED.items()}
    assert asked == {text for text in PROJECT["dependencies"] if text.startswith("torch")}
