"""`live-sentiment models`: what the model store has, and what it should have."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from live_sentiment.console.printing import print_json
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.profiles import PROFILES

if TYPE_CHECKING:
    from live_sentiment.models.store.store import ModelStatus, ModelStore


def add_parser(commands: Any) -> None:
    """Declare `models` and its actions."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "models", help="list, pull, verify and remove the pretrained models"
    )
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--cache", type=Path, metavar="DIR", help="where models are kept")
    where.add_argument("--folder", type=Path, metavar="DIR", help="a local folder with models: DIR/NAME/FILE")
    where.add_argument("--offline", action="store_true", help="never use the network")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    action = actions.add_parser("list", parents=[where], help="show every model, its licence and its state")
    action.add_argument("--json", action="store_true", help="print JSON instead of a table")
    action.set_defaults(run=run_list)

    action = actions.add_parser("pull", parents=[where], help="fetch models into the cache")
    action.add_argument("names", nargs="*", metavar="NAME", help="default: what the profile uses")
    action.add_argument("--all", action="store_true", help="every model of the store")
    action.add_argument("--profile", choices=PROFILES, default="balanced", help="default: balanced")
    action.set_defaults(run=run_pull)

    action = actions.add_parser("verify", parents=[where], help="read every byte and compare the hashes")
    action.add_argument("names", nargs="*", metavar="NAME", help="default: every model that is here")
    action.set_defaults(run=run_verify)

    action = actions.add_parser("remove", parents=[where], help="delete models from the cache")
    action.add_argument("names", nargs="*", metavar="NAME")
    action.add_argument("--all", action="store_true", help="every model of the store")
    action.set_defaults(run=run_remove)

    action = actions.add_parser("path", parents=[where], help="print the folder of a model that is here")
    action.add_argument("names", nargs="+", metavar="NAME")
    action.set_defaults(run=run_path)


def run_list(options: argparse.Namespace) -> int:
    """Show every model as a table or as JSON."""
    store = _store(options)
    statuses = store.statuses()
    if options.json:
        print_json([_described(status) for status in statuses], indent=2)
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(caption=f"cache: {store.cache}", caption_justify="left", box=None, pad_edge=False)
    for title in ("model", "part", "MB", "licence", "state", "what it is"):
        justify: Literal["right", "left"] = "right" if title == "MB" else "left"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=title == "model")
    for status in statuses:
        model = status.model
        size = f"{model.bytes / 1e6:.1f}"
        table.add_row(status.name, model.part, size, model.licence, status.state, model.description)
    Console(highlight=False).print(table, markup=False)
    return 0


def run_pull(options: argparse.Namespace) -> int:
    """Fetch the named models, those of a profile, or all."""
    from live_sentiment.core.config import load_config

    store = _store(options)
    names = options.names or (
        list(store.manifest) if options.all else store.needed(load_config(profile=options.profile).perception)
    )
    for name in _known(store, names):
        print(f"{name}: {store.pull(name)}")
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Hash the named models, or all that are here; exit code 1 unless all of them are whole."""
    store = _store(options)
    names = _known(store, options.names) or [
        status.name for status in store.statuses() if status.state != "absent"
    ]
    if not names:
        print(f"no models in {store.cache}")
    whole = True
    for name in names:
        status = store.verify(name)
        whole &= status.state == "verified"
        print(f"{name}: {_verdict(status)}")
    return 0 if whole else RunError.exit_code


def run_remove(options: argparse.Namespace) -> int:
    """Delete the named models, or all, from the cache."""
    store = _store(options)
    if not options.names and not options.all:
        raise UsageError("name the models to remove, or say --all")
    for name in _known(store, options.names) or list(store.manifest):
        if store.remove(name):
            print(f"{name}: removed")
        elif options.names:
            print(f"{name}: not in {store.cache}")
    return 0


def run_path(options: argparse.Namespace) -> int:
    """Print one folder a line, for scripts; nothing is pulled."""
    store = _store(options)
    for name in _known(store, options.names):
        status = store.status(name)
        if status.state != "verified":
            raise RunError(f"the model {name} is {_verdict(status)}")
        print(status.path)
    return 0


def _store(options: argparse.Namespace) -> ModelStore:
    from live_sentiment.core.config import ModelsConfig
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore

    config = ModelsConfig(cache=options.cache, folder=options.folder, offline=options.offline)
    return ModelStore(config, progress=TerminalProgress())


def _known(store: ModelStore, names: list[str]) -> list[str]:
    """The names, after all of them have been looked up, so that a typing error stops before any work."""
    for name in names:
        store.manifest[name]
    return names


def _verdict(status: ModelStatus) -> str:
    pull = f"`live-sentiment models pull {status.name}` fetches it"
    if status.state == "verified":
        return f"verified, {status.path}"
    if status.state == "absent":
        return f"not here; {pull}"
    return f"damaged in {status.path} ({'; '.join(status.problems)}); {pull} again"


def _described(status: ModelStatus) -> dict[str, Any]:
    model = status.model
    sources = [f"{package.name}=={package.version}" for package in model.packages]
    if model.hub is not None:
        sources.append(f"{model.hub.repository}@{model.hub.revision}")
    return {
        "name": status.name,
        "state": status.state,
        "path": None if status.path is None else str(status.path),
        "problems": list(status.problems),
        **model.model_dump(include={"part", "description", "licence", "holder", "training_data"}),
        "bytes": model.bytes,
        "files": {file.name: file.sha256 for file in model.files},
        "sources": sources,
    }
