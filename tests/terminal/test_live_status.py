"""What a live session shows of itself beyond the stored screens: units, order, what is alarming."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from live_sentiment.runtime.snapshot import LiveHealth, RecordingHealth, Snapshot
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.terminal.compact import compact
from live_sentiment.terminal.dashboard import render
from live_sentiment.terminal.header import header, speed
from live_sentiment.terminal.lines import ProgressLines
from live_sentiment.terminal.live_status import brief, device_line, live, notices, size
from live_sentiment.terminal.theme import ALERT

CAMERA = DeviceHealth("camera", "Cam", "running", rate_hz=30.0, width_px=640, height_px=480)
MICROPHONE = DeviceHealth("microphone", "Mic", "running", rate_hz=16000, channels=1, level_dbfs=-30.0)
RECORDING = RecordingHealth(Path("recordings/one"), 2_000_000, 9_000_000_000)
LIVE = LiveHealth((CAMERA, MICROPHONE), 0.2, (0.3, 0.6), (1.5, 2.0), recording=RECORDING)
RUNNING = Snapshot("Cam and Mic", "running", position_s=61.0, elapsed_s=61.5, live=LIVE)


def alarming(text: Text) -> str:
    """The parts in alert style."""
    return " ".join(text.plain[span.start : span.end].strip() for span in text.spans if span.style == ALERT)


def rows(health: LiveHealth = LIVE, width: int = 90) -> list[str]:
    return [line.plain for line in live(health, width)]


def test_a_session_that_is_well_alarms_nobody() -> None:
    assert notices(LIVE).plain == ""
    assert "".join(alarming(line) for line in live(LIVE, 90)) == ""


def test_the_meter_is_empty_in_silence_and_full_at_the_loudest() -> None:
    def meter(level_dbfs: float | None) -> str:
        return device_line(replace(MICROPHONE, level_dbfs=level_dbfs)).plain.removeprefix("mic     ")

    assert meter(None).startswith("────────── silent")
    assert meter(float("-inf")).startswith("────────── silent")
    assert meter(-30.0).startswith("━━━━━───── −30 dB")
    assert meter(0.0).startswith("━━━━━━━━━━ ")
    assert alarming(device_line(replace(MICROPHONE, level_dbfs=-0.2))) == "━━━━━━━━━━"


@pytest.mark.parametrize(
    ("device", "says"),
    [
        (replace(CAMERA, state="lost"), "camera  lost  Cam"),
        (replace(MICROPHONE, state="lost"), "mic     lost  Mic"),
    ],
)
def test_a_lost_device_is_alarming_as_a_whole(device: DeviceHealth, says: str) -> None:
    line = device_line(device)
    assert line.plain == says
    assert line.style == ALERT or alarming(line) == says
    assert f"{device.device} lost" in alarming(notices(replace(LIVE, devices=(device,))))


def test_other_states_are_told_without_figures() -> None:
    assert device_line(replace(CAMERA, state="opening")).plain == "camera  opening …  Cam"
    assert device_line(replace(MICROPHONE, state="stopped")).plain == "mic     stopped  Mic"


def test_drops_gaps_and_drift() -> None:
    microphone = replace(MICROPHONE, dropped={"overflow": 480}, gaps=1, gap_s=0.25, drift_ppm=-7.6)
    line = device_line(microphone)
    assert "480 lost  1 gap 0.2 s  −8 ppm" in line.plain
    assert "480 lost" in alarming(line)
    assert rows(replace(LIVE, devices=(microphone,)))[-1] == "lost    microphone: 480 overflow"


def test_lag_is_told_now_and_as_quantiles() -> None:
    assert rows()[2] == "lag     0.2 s  p50/p95 0.3/0.6  final 1.5/2.0  RTF –"
    assert alarming(live(replace(LIVE, lag_s=3.2), 90)[2]) == "3.2 s"


def test_a_session_that_can_just_not_keep_up_is_alarming() -> None:
    assert rows(replace(LIVE, real_time_factor=0.413))[2].endswith("RTF 0.41")
    assert alarming(live(replace(LIVE, real_time_factor=1.04), 90)[2]) == "1.04"


@pytest.mark.parametrize("gaps", [0, 2])
def test_two_lines_hold_all_figures_of_two_devices(gaps: int) -> None:
    devices = (CAMERA, replace(MICROPHONE, gaps=gaps, gap_s=0.42, drift_ppm=12.3))
    health = replace(LIVE, devices=devices, real_time_factor=0.41)
    first, second = (line.plain for line in brief(health, 80))
    assert first.startswith("camera 30.0 fps  640×480   mic ━━━━━───── −30 dB")
    assert first.endswith("2 gaps 0.4 s  +12 ppm" if gaps else "dB  +12 ppm")
    assert second == "lag 0.2 s  p50/p95 0.3/0.6  final 1.5/2.0  RTF 0.41  kept 2.0 MB 9.0 GB free"


def test_two_lines_tell_of_a_lost_device_and_a_full_disk() -> None:
    health = replace(
        LIVE,
        devices=(replace(CAMERA, state="lost"), replace(MICROPHONE, state="opening")),
        recording=replace(RECORDING, stopped="the disk is full"),
    )
    first, second = brief(health, 80)
    assert first.plain == "camera lost   mic opening …"
    assert alarming(second) == "kept stopped: the disk is full"


def test_what_is_kept_and_what_not() -> None:
    assert rows()[3] == "kept    2.0 MB  9.0 GB free  recordings/one"
    assert rows(replace(LIVE, recording=None))[3] == "kept    nothing"
    unknown = replace(RECORDING, free_bytes=None)
    assert rows(replace(LIVE, recording=unknown))[3] == "kept    2.0 MB  recordings/one"
    nearly = live(replace(LIVE, recording=replace(RECORDING, free_bytes=300_000_000)), 90)[3]
    assert alarming(nearly) == "300.0 MB free"
    stopped = replace(RECORDING, stopped="the disk\nis full")
    assert rows(replace(LIVE, recording=stopped))[3] == "kept    stopped: the disk�is full"


def test_names_from_outside_bring_no_control_codes() -> None:
    nasty = replace(CAMERA, name="a\x1b]0;x\x07b")
    for state in ("running", "lost", "opening"):
        assert "\x1b" not in device_line(replace(nasty, state=state)).plain  # type: ignore[arg-type]


def test_alarms_come_before_what_was_done_on_purpose() -> None:
    health = replace(
        LIVE,
        devices=(replace(CAMERA, state="lost"), MICROPHONE),
        recording=replace(RECORDING, stopped="full"),
        lowered=("words every 2 s",),
        paused=True,
        switched_off=("text", "vision"),
        markers=1,
    )
    told = notices(health)
    assert told.plain == (
        "camera lost · recording stopped · to keep up: words every 2 s · "
        "paused · text off · vision off · 1 marker"
    )
    assert "paused" not in alarming(told)


@pytest.mark.parametrize(
    ("count", "says"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (7 * 10**15, "7000.0 TB"),
    ],
)
def test_sizes(count: int, says: str) -> None:
    assert size(count) == says


def test_the_header_tells_the_time_and_of_how_much() -> None:
    assert header(RUNNING, 80)[1].plain.endswith("─  1:01")
    assert header(replace(RUNNING, duration_s=600.0), 80)[1].plain.endswith("─  1:01 / 10:00")
    assert all(line.cell_len == 80 for line in header(RUNNING, 80))


def test_many_notices_never_push_the_time_out() -> None:
    health = replace(LIVE, lowered=tuple(f"something else number {n}" for n in range(9)))
    line = header(replace(RUNNING, live=health), 80)[1]
    assert line.cell_len <= 80
    assert line.plain.endswith("1:01")


def test_a_paused_session_says_so_until_it_ends() -> None:
    paused = replace(RUNNING, live=replace(LIVE, paused=True))
    assert header(paused, 80)[0].plain.endswith("paused")
    assert header(replace(paused, state="finishing"), 80)[0].plain.endswith("finishing")


def test_real_time_is_no_speed() -> None:
    assert speed(replace(RUNNING, real_time_factor=1.0)) == ""


def test_one_line_has_room_for_alarms() -> None:
    lost = replace(RUNNING, live=replace(LIVE, devices=(replace(MICROPHONE, state="lost"),)))
    assert compact(lost, 60).plain.startswith("running  microphone lost  1:01")


@pytest.mark.parametrize("devices", [(), (CAMERA,), (CAMERA, replace(MICROPHONE, dropped={"overflow": 1}))])
@pytest.mark.parametrize("size", [(80, 24), (100, 30), (119, 24), (120, 24), (160, 50)])
def test_a_live_screen_with_its_keys_fills_exactly_the_terminal(
    size: tuple[int, int], devices: tuple[DeviceHealth, ...]
) -> None:
    width, height = size
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    shown = replace(RUNNING, live=replace(LIVE, devices=devices))
    console.print(render(shown, width, height, lambda snapshot, width: Text("keys" * width)))
    *_, last = lines = console.export_text().splitlines()
    assert len(lines) == height
    assert len(last) == width
    *framed, _, _, _ = lines
    if width >= 120 or height >= 30:
        framed = lines[:-1]
    assert all(len(line) == width and line[-1] in "╮│╯" for line in framed[2:])


def test_a_log_gets_a_line_a_minute() -> None:
    lines = ProgressLines()
    told = [line for second in range(130) for line in lines.news(at(float(second)))]
    assert told == [
        "Cam and Mic: 1:00, lag 0.2 s (p95 0.6 s), 30.0 fps, 2.0 MB kept",
        "Cam and Mic: 2:00, lag 0.2 s (p95 0.6 s), 30.0 fps, 2.0 MB kept",
    ]


def test_a_log_says_what_is_wrong() -> None:
    health = replace(
        LIVE,
        devices=(replace(CAMERA, state="lost"), MICROPHONE),
        lowered=("words every 2 s",),
        recording=replace(RECORDING, stopped="full"),
    )
    (line,) = ProgressLines().news(replace(at(60.0), live=health))
    assert line == "Cam and Mic: 1:00, lag 0.2 s (p95 0.6 s), camera lost, to keep up: words every 2 s"


def at(second: float) -> Snapshot:
    return replace(RUNNING, position_s=second, elapsed_s=second)
