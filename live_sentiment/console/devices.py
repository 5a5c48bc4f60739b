"""`live-sentiment devices`: which cameras, microphones and processors there are, and whether they work."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from live_sentiment.console.options import add_config_options, config_from
from live_sentiment.console.printing import print_json
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from live_sentiment.core.config import Config
    from live_sentiment.sources.camera.info import CameraInfo, CameraMode
    from live_sentiment.sources.capture import CaptureDevice
    from live_sentiment.sources.microphone.backend import MicrophoneInfo

MODES_SHOWN = 4
"""Sizes of a camera in the table; --json has them all."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The devices of a kind, or why there are none and what to do."""

    devices: Sequence[T]
    problem: str | None = None


def add_parser(commands: Any) -> None:
    """Declare `devices`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "devices",
        help="list cameras, microphones and processors",
        description="List what `live-sentiment run` can use. Its --camera and --microphone take a number of "
        "the first column, a name, or a part of it.",
    )
    parser.add_argument(
        "--check", action="store_true", help="open each for two seconds; exit code 1 if one gives nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, not tables")
    add_config_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List everything; with --check open each and say what came."""
    config = config_from(options)
    from rich.console import Console

    cameras, microphones, processors = find_cameras(), find_microphones(), find_processors()
    console = Console(stderr=options.json, highlight=False)
    if not options.json:
        _print(cameras, microphones, processors, console)
    checks = _check(cameras, microphones, config, console) if options.check else {}
    if options.json:
        print_json(fields(cameras, microphones, processors, checks))
    return 1 if any(check.get("problem") for check in checks.values()) else 0


def find_cameras() -> Found[CameraInfo]:
    """The cameras, without opening any where the system tells of them by itself."""
    from live_sentiment.sources.camera.listing import choose_camera, list_cameras

    return _found(list_cameras, lambda: choose_camera(None))


def find_microphones() -> Found[MicrophoneInfo]:
    """The microphones; none where the sound library is missing."""
    from live_sentiment.sources.microphone.listing import choose_microphone, list_microphones

    return _found(list_microphones, lambda: choose_microphone(None))


def find_processors() -> list[dict[str, Any]]:
    """What `--device` may name, the one that `auto` takes marked."""
    import psutil
    import torch

    from live_sentiment.models.compute import choose_device

    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    threads = psutil.cpu_count() or cores
    found = [
        {"device": "cuda", "name": torch.cuda.get_device_name(number), "memory_bytes": _memory(number)}
        for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    ]
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": "Apple GPU"})
    found.append({"device": "cpu", "name": _cpu_name(), "cores": cores, "threads": threads})
    auto = choose_device("auto").type
    first = next(number for number, entry in enumerate(found) if entry["device"] == auto)
    return [{**entry, "default": number == first} for number, entry in enumerate(found)]


def fields(
    cameras: Found[CameraInfo],
    microphones: Found[MicrophoneInfo],
    processors: Sequence[dict[str, Any]],
    checks: dict[tuple[str, int], dict[str, Any]],
) -> dict[str, Any]:
    """Everything as plain data, for `--json`."""

    def listed(kind: str, found: Found[Any]) -> list[dict[str, Any]]:
        return [
            dataclasses.asdict(info)
            | ({"check": checks[kind, info.index]} if (kind, info.index) in checks else {})
            for info in found.devices
        ]

    return {
        "cameras": listed("camera", cameras),
        "microphones": listed("microphone", microphones),
        "compute": list(processors),
        "problems": {
            kind: found.problem
            for kind, found in (("cameras", cameras), ("microphones", microphones))
            if found.problem is not None
        },
    }


def _found(listing: Callable[[], list[T]], choose: Callable[[], object]) -> Found[T]:
    """Choosing the default one says why there is none, and what to do."""
    try:
        devices = listing()
        if not devices:
            choose()
    except UsageError as error:
        return Found([], str(error))
    return Found(devices)


def _check(
    cameras: Found[CameraInfo], microphones: Found[MicrophoneInfo], config: Config, console: Console
) -> dict[tuple[str, int], dict[str, Any]]:
    from live_sentiment.console.device_check import check
    from live_sentiment.core.clock import MonotonicClock

    clock = MonotonicClock()

    def camera(index: int) -> CaptureDevice:
        from live_sentiment.sources.camera.camera import Camera
        from live_sentiment.sources.camera.listing import choose_camera

        return Camera(choose_camera(str(index)), config.camera, clock)

    def microphone(info: MicrophoneInfo) -> CaptureDevice:
        from live_sentiment.sources.microphone.microphone import Microphone

        return Microphone(info, config.microphone, clock)

    makers: dict[tuple[str, int], Callable[[], CaptureDevice]] = {
        ("camera", info.index): lambda index=info.index: camera(index)  # type: ignore[misc]
        for info in cameras.devices
    }
    makers |= {
        ("microphone", info.index): lambda info=info: microphone(info)  # type: ignore[misc]
        for info in microphones.devices
    }
    return {key: check(key[0], key[1], make, clock, console) for key, make in makers.items()}


def _print(
    cameras: Found[CameraInfo],
    microphones: Found[MicrophoneInfo],
    processors: Sequence[dict[str, Any]],
    console: Console,
) -> None:
    table = _table("cameras", "#", "name", "sizes and frames per second")
    for camera in cameras.devices:
        told = camera.problem or _modes(camera.modes) or "not told"
        table.add_row(str(camera.index), _safe(camera.name), _safe(told))
    _print_table(table, cameras.problem, console)

    table = _table("microphones", "#", "name", "through", "channels", "rate", "")
    for microphone in microphones.devices:
        table.add_row(
            str(microphone.index),
            _safe(microphone.name),
            _safe(microphone.host_api),
            str(microphone.channels),
            f"{microphone.rate_hz / 1000:g} kHz",
            "default" if microphone.is_default else "",
        )
    _print_table(table, microphones.problem, console)

    table = _table("compute", "--device", "name", "", "")
    for processor in processors:
        has = (
            f"{processor['cores']} cores, {processor['threads']} threads"
            if "cores" in processor
            else f"{processor['memory_bytes'] / 2**30:.0f} GiB"
            if "memory_bytes" in processor
            else ""
        )
        chosen = "default" if processor["default"] else ""
        table.add_row(processor["device"], _safe(processor["name"]), has, chosen)
    _print_table(table, None, console)


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print_table(table: Table, problem: str | None, console: Console) -> None:
    from rich.text import Text

    if problem is None:
        console.print(table)
    else:
        console.print(Text(str(table.title), style="bold"))
        console.print(Text(problem + "\n"))


def _modes(modes: Sequence[CameraMode]) -> str:
    shown = [
        f"{mode.width_px}×{mode.height_px}" + (f" at {mode.rates_hz[0]:g}" if mode.rates_hz else "")
        for mode in modes[:MODES_SHOWN]
    ]
    more = len(modes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _safe(text: str) -> str:
    """Names come from outside: neither control codes nor rich's own markup may act."""
    from rich.markup import escape

    from live_sentiment.terminal.printable import printable

    return escape(printable(text))


def _memory(number: int) -> int:
    import torch

    return int(torch.cuda.get_device_properties(number).total_memory)


def _cpu_name() -> str:
    """As the system tells; "CPU" where it does not."""
    import platform
    from pathlib import Path

    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine() or "CPU"
