"""How a live session is doing: its devices, how far it is behind, what is recorded."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.runtime.snapshot import LiveHealth, RecordingHealth
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import ALERT, FRAME, GOOD, QUIET, bar

LABEL = 8
"""Cells for the name of a row."""
METER = 10
"""Cells of the level meter."""
SILENCE_DBFS = -60.0
"""The meter is empty here and full at 0, where the device can go no louder."""
LOUD_DBFS = -1.0
"""From here on the sound is likely to be clipped."""
LATE_S = 3.0
"""A session that is further behind is shown as a problem."""
LITTLE_BYTES = 1 << 30
"""Free disk below this is shown as a problem: some ten minutes of recording."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def live(health: LiveHealth, width: int) -> list[Text]:
    """Lines of `width` cells, the most important first, and in each line what can be missed last."""
    lines = [
        *(device_line(device) for device in health.devices),
        _lag(health),
        _recording(health.recording),
        *(_lost(device) for device in health.devices if any(device.dropped.values())),
    ]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def brief(health: LiveHealth, width: int) -> list[Text]:
    """The same in two lines of `width` cells, for terminals without room for a panel."""
    devices = Text("   ").join(_device(device, "") for device in health.devices)
    kept = _recording(health.recording, brief=True)
    lines = [devices, Text.assemble(_lag(health, brief=True), "  ", kept)]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def device_line(device: DeviceHealth) -> Text:
    """A device in one line: figures first, its name last."""
    return _device(device, printable(device.name))


def _device(device: DeviceHealth, name: str) -> Text:
    """Labelled for a column of them where it is named, else for a row."""
    label = "camera" if device.device == "camera" else "mic"
    label = label.ljust(LABEL) if name else f"{label} "
    called = f"  {name}" if name else ""
    if device.state == "lost":
        return Text.assemble(f"{label}lost{called}", style=ALERT)
    if device.state != "running":
        state = "opening …" if device.state == "opening" else "stopped"
        return Text.assemble((label + state + called, QUIET))
    line = Text.assemble((label, QUIET), _picture(device) if device.device == "camera" else _sound(device))
    if lost := sum(device.dropped.values()):
        line.append(f"  {lost} lost", style=ALERT)
    if device.gaps:
        line.append(f"  {device.gaps} gap{'s' * (device.gaps > 1)} {device.gap_s:.1f} s", style=ALERT)
    if device.drift_ppm is not None:
        line.append(f"  {device.drift_ppm:+.0f} ppm".replace("-", "−"))
    if device.device == "microphone" and name:
        line.append(f"  {device.rate_hz / 1000:g} kHz × {device.channels}", style=QUIET)
    return line.append(called, style=QUIET)


def notices(health: LiveHealth) -> Text:
    """What a person must know at once, with what was done on purpose behind it; empty if all is well."""
    alerts = [
        *(f"{device.device} lost" for device in health.devices if device.state == "lost"),
        *(["recording stopped"] if health.recording and health.recording.stopped else []),
        *([f"to keep up: {', '.join(health.lowered)}"] if health.lowered else []),
    ]
    told = [
        *(["paused"] if health.paused else []),
        *(f"{modality} off" for modality in health.switched_off),
        *([f"{health.markers} marker{'s' * (health.markers > 1)}"] if health.markers else []),
    ]
    parts = [(printable(alert), ALERT) for alert in alerts] + [(text, "bold") for text in told]
    return Text(" · ", style=QUIET).join(Text(text, style=style) for text, style in parts)


def size(count: int) -> str:
    """A number of bytes for people, in powers of ten: 12.3 MB."""
    amount, unit = float(count), 0
    while amount >= 999.95 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def _picture(device: DeviceHealth) -> Text:
    size_px = f"  {device.width_px}×{device.height_px}" if device.width_px else ""
    return Text(f"{device.rate_hz:.1f} fps{size_px}")


def _sound(device: DeviceHealth) -> Text:
    level_dbfs = SILENCE_DBFS if device.level_dbfs is None else device.level_dbfs
    full, track = bar(1 - level_dbfs / SILENCE_DBFS, METER)
    figures = Text.assemble((full, ALERT if level_dbfs > LOUD_DBFS else GOOD), (track, FRAME))
    silent = level_dbfs <= SILENCE_DBFS
    return figures.append(" silent" if silent else f" {level_dbfs:.0f} dB".replace("-", "−"))


def _lag(health: LiveHealth, *, brief: bool = False) -> Text:
    (fast, slow), (final_fast, final_slow) = health.provisional_lag_s, health.final_lag_s
    factor = health.real_time_factor
    return Text.assemble(
        ("lag " if brief else "lag".ljust(LABEL), QUIET),
        (f"{health.lag_s:.1f} s", ALERT if health.lag_s > LATE_S else ""),
        ("  p50/p95 ", QUIET),
        f"{fast:.1f}/{slow:.1f}",
        ("  final ", QUIET),
        f"{final_fast:.1f}/{final_slow:.1f}",
        ("  RTF ", QUIET),
        ("–", "") if factor is None else (f"{factor:.2f}", ALERT if factor >= 1 else ""),
    )


def _recording(recording: RecordingHealth | None, *, brief: bool = False) -> Text:
    line = Text("kept " if brief else "kept".ljust(LABEL), style=QUIET)
    if recording is None:
        return Text.assemble(line, ("nothing", ""))
    if recording.stopped:
        return Text(f"{line.plain}stopped: {printable(recording.stopped)}", style=ALERT)
    text = Text.assemble(line, (size(recording.bytes_written), ""))
    if recording.free_bytes is not None:
        free = recording.free_bytes
        text.append(f"{' ' if brief else '  '}{size(free)} free", style=ALERT if free < LITTLE_BYTES else "")
    return text if brief else text.append(f"  {printable(str(recording.folder))}", style=QUIET)


def _lost(device: DeviceHealth) -> Text:
    causes = ", ".join(f"{count} {printable(cause)}" for cause, count in device.dropped.items() if count)
    return Text.assemble(("lost".ljust(LABEL), QUIET), (f"{device.device}: {causes}", ALERT))
