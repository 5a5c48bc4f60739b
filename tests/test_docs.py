"""The documentation points at what is there: links, files of the package, names, threads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import live_sentiment

ROOT = Path(__file__).parents[1]
PACKAGE = Path(live_sentiment.__file__).parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures that lie in the repository; none of those in code."""
    text = re.sub(
        r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked to, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_index_names_every_page_once() -> None:
    named = sorted(link for link in links(DOCS / "README.md") if "/" not in link)
    assert named == sorted(page.name for page in DOCS.glob("*.md") if page.name != "README.md")


def test_the_readme_leads_to_the_index_and_the_map() -> None:
    assert {"docs/README.md", "docs/architecture.md", "docs/configuration.md"} <= set(
        links(ROOT / "README.md")
    )


def test_every_file_of_the_map_is_there() -> None:
    named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|json|toml)|(?:[\w-]+/)+)`", ARCHITECTURE))
    named -= {"session.json", "console/COMMAND.py"}
    assert len(named) > 50
    assert [
        name for name in sorted(named) if not any((place / name).exists() for place in (PACKAGE, ROOT))
    ] == []


def test_every_name_of_the_map_is_one_of_the_package() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    defined = set(re.findall(r"\b(?:def|class) (\w+)", code))
    defined |= set(re.findall(r"\b(\w+): ", code))  # constants, fields and parameters with their type
    defined |= set(re.findall(r"^([A-Z_]+)\b.* = ", code, re.MULTILINE))
    named = set(re.findall(r"`([A-Z]\w+(?:\.\w+)?|_\w+|\w+_\w+)`", ARCHITECTURE))
    assert len(named) > 40
    missing = {part for name in named for part in name.split(".")} - defined
    assert missing - {"SystemExit"} == set()


def started() -> Iterator[str]:
    """The names of the threads that the package starts, as far as they are written there."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            made = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if made == "Worker":
                name: ast.expr | None = call.args[0]
            elif made in {"Thread", "ThreadPoolExecutor"}:
                named = {keyword.arg: keyword.value for keyword in call.keywords}
                name = named.get("name", named.get("thread_name_prefix"))
                assert name is not None, f"{file}:{call.lineno} starts a thread without a name"
            else:
                continue
            if isinstance(name, ast.JoinedStr):
                name = name.values[0]
            if isinstance(name, ast.Constant):
                yield str(name.value).strip()


def test_the_table_has_every_thread_that_is_started() -> None:
    rows = [line.split("|")[1] for line in ARCHITECTURE.splitlines() if line.startswith("| ")]
    named = {
        name.removesuffix(" NAME").removesuffix(" N")
        for row in rows
        for name in re.findall(r"`([^`]+)`", row)
    }
    names = set(started())
    assert {"decoder", "session", "outlet", "watchdog"} <= names
    assert names - named == set()
