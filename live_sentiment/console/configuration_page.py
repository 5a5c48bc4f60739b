"""docs/configuration.md, made from the classes of the configuration: key, type, default, range, meaning."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from live_sentiment.core.config import Config, Part
from live_sentiment.core.markdown import row
from live_sentiment.core.profiles import PROFILES

HEAD = """\
<!-- Printed by `live-sentiment schema configuration --markdown` from live_sentiment/core/config.py. -->
# Configuration

Every setting has a key, `part.key`. Later sources win over earlier ones: the defaults, the profile
(`--profile`), a TOML file (`--config FILE`), and `--set part.key=value`, as often as you like. `--device`
and `--offline` are short for `compute.device` and `models.offline`. From Python,
`live_sentiment.load_config` takes the same sources.

```toml
[perception.face]
rate_hz = 6.25

[perception.speech]
model = "whisper-base"
```

An unknown key is an error that names the nearest known one, and so is a value of another type or out of
range. The end of a name is its unit: `_s` seconds, `_hz` per second, `_px` pixels.
`live-sentiment schema configuration` prints the same as a JSON Schema, for editors. The settings of
experiments are in [experiments.md](experiments.md).
"""

_PLAIN: Mapping[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
}
_BOUNDS = (("ge", "at least {:g}"), ("gt", "above {:g}"), ("le", "at most {:g}"), ("lt", "below {:g}"))


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_profiles(), *_part(Config, "")]).rstrip("\n") + "\n"


def meanings(part: type[Part]) -> dict[str, str]:
    """What the docstring below each field says, in one line; the class must lie in a source file."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value)
            found[ast.unparse(field.target)] = " ".join(text.split())
    return found


def _profiles() -> Iterator[str]:
    keys = list(dict.fromkeys(key for settings in PROFILES.values() for key in settings))
    yield "## Profiles\n"
    yield "What each of them changes; everything else has its default.\n"
    yield from _table("key", *PROFILES)
    for key in keys:
        default = _default_of(key)
        yield _row(f"`{key}`", *(_value(settings.get(key, default)) for settings in PROFILES.values()))
    yield ""


def _default_of(key: str) -> Any:
    value: Any = Config()
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _part(part: type[Part], prefix: str) -> Iterator[str]:
    """The parts of a part, each with a table of its keys."""
    for name, field in part.model_fields.items():
        below = field.annotation
        if not (isinstance(below, type) and issubclass(below, Part)):
            continue
        if rows := list(_rows(below, f"{prefix}{name}.")):
            yield f"## {prefix}{name}\n"
            yield f"{inspect.getdoc(below)}\n"
            yield from (*_table("key", "type", "default", "range", "meaning"), *rows, "")
        yield from _part(below, f"{prefix}{name}.")


def _rows(part: type[Part], prefix: str) -> Iterator[str]:
    says = meanings(part)
    for name, field in part.model_fields.items():
        if not isinstance(field.default, Part):
            yield _row(
                f"`{prefix}{name}`", _type(field), _value(field.default), _range(field), says.get(name, "")
            )


def _table(*titles: str) -> tuple[str, str]:
    return _row(*titles), "|" + " --- |" * len(titles)


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", r"\|").replace("<", "&lt;") for cell in cells)
    return row(escaped)


def _type(field: FieldInfo) -> str:
    kind, hints = field.annotation, field.metadata
    if type(None) in get_args(kind):  # what is optional is "not set" by default
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is Annotated:
        kind, *hints = get_args(kind)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{one}`" for one in get_args(kind))
    if kind is str and any(isinstance(hint, AfterValidator) for hint in hints):
        return "name or path"
    return _PLAIN[kind]


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str | Path) else f"`{value}`"


def _range(field: FieldInfo) -> str:
    """The bounds of a number; what else restricts it stands in its meaning."""
    return ", ".join(
        says.format(getattr(hint, name))
        for name, says in _BOUNDS
        for hint in field.metadata
        if hasattr(hint, name)
    )
