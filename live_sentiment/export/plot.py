"""The whole session on one page: affect, emotions, episodes, what was there, and words where they fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, MODALITIES, Event
from live_sentiment.export.columns import Columns, columns_of
from live_sentiment.export.moments import captions
from live_sentiment.export.palette import DARK, LIGHT, Palette
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.writing import whole_file
from live_sentiment.sinks.lines import Fields
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import EMOTION_COLOURS, MODALITY_COLOURS, clock, said, span

if TYPE_CHECKING:
    from live_sentiment.export import Progress

WIDTH_IN, HEIGHT_IN, DPI = 11.7, 8.3, 160
"""A4, landscape."""
LANES = 3
"""Lines that words may stand on, so that neighbours need not share one."""

_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
_MOST_TICKS = 12
_SMALL_PT, _TEXT_PT, _TITLE_PT = 7.5, 9.0, 14.0
_FURTHER_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "PingFang SC", "Hiragino Sans", "Microsoft YaHei")
"""For scripts that the font of the plotting library lacks; those that are installed."""


def write_png(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write the plot on white ground.

    Raises:
        UsageError: there is nothing to plot, or the file cannot be written.
        RunError: the disk is full.
    """
    return _write(session, path, progress, LIGHT)


def write_dark_png(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write the plot on dark ground; as `write_png`."""
    return _write(session, path, progress, DARK)


def _write(session: RecordedSession, path: Path, progress: Progress, palette: Palette) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if not session.point_count:
        raise UsageError(f"the session in {session.folder} holds no points, so there is nothing to plot")
    columns = columns_of(session.points(), session.point_count)
    progress(0.3)
    with whole_file(path) as aside, warnings.catch_warnings():
        # A sign that no installed font has is drawn as a box; there is nothing that a user could do about it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = figure_of(session, columns, palette)
        progress(0.6)
        FigureCanvasAgg(figure).print_figure(str(aside), format="png", facecolor=palette.ground)
    progress(1.0)
    return path


def figure_of(session: RecordedSession, columns: Columns, palette: Palette) -> Any:
    """The figure, a matplotlib Figure.

    Its axes are labelled "affect", "emotions", "episodes", "modalities" and, where all words fit, "words".
    """
    from matplotlib.figure import Figure

    worded = bool(_placed_words(session))
    heights = {"affect": 3.0, "emotions": 2.2, "episodes": 0.35, "modalities": 1.2}
    if worded:
        heights["words"] = 0.75
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=palette.ground)
    grid = figure.add_gridspec(
        len(heights), 1, height_ratios=list(heights.values()), left=0.085, right=0.86, top=0.87, bottom=0.07
    )
    axes: dict[str, Any] = {}
    for row, name in enumerate(heights):
        axes[name] = figure.add_subplot(grid[row], label=name)
        _dress(axes[name], session, palette, last=row == len(heights) - 1)
    _affect(axes["affect"], session, columns, palette)
    _emotions(axes["emotions"], columns, palette)
    _episodes(axes["episodes"], session, palette)
    _modalities(axes["modalities"], columns, palette)
    if worded:
        _words(axes["words"], session, palette)
    _title(figure, session, palette)
    return figure


def _dress(axes: Any, session: RecordedSession, palette: Palette, *, last: bool) -> None:
    """The looks and the axis of time that all rows share."""
    length_s = max(session.end_s - session.start_s, 1e-3)
    step = next((step for step in _STEPS_S if length_s / step <= _MOST_TICKS), _STEPS_S[-1])
    first = -(-session.start_s // step)
    ticks = [step * number for number in range(int(first), int(session.end_s // step) + 1)]
    axes.set_facecolor(palette.ground)
    axes.set_xlim(session.start_s, session.start_s + length_s)
    labels = [clock(tick) if step >= 1 else f"{tick:.1f}" for tick in ticks] if last else [""] * len(ticks)
    axes.set_xticks(ticks, labels, color=palette.quiet, fontsize=_TEXT_PT, fontfamily=_fonts())
    axes.tick_params(length=0, colors=palette.quiet, labelsize=_TEXT_PT)
    axes.grid(axis="x", color=palette.rule, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _affect(axes: Any, session: RecordedSession, columns: Columns, palette: Palette) -> None:
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, 0, 1], ["−1", "0", "+1"], fontsize=_TEXT_PT)
    axes.axhline(0, color=palette.quiet, linewidth=0.7)
    curves = (
        ("arousal", palette.arousal, columns.arousal, columns.arousal_sd),
        ("valence", palette.valence, columns.valence, columns.valence_sd),
    )
    for name, colour, values, sd in curves:
        axes.fill_between(columns.time_s, values - sd, values + sd, color=colour, alpha=0.18, linewidth=0)
        axes.plot(columns.time_s, values, color=colour, linewidth=1.6, label=name, solid_capstyle="round")
    for turn in _one_a_pixel(session.turning_points, "time", session):
        peak = turn["kind"] == "peak"
        axes.plot(turn["time"], turn["valence"], "^" if peak else "v", color=palette.valence, markersize=6)
    _beside(axes, ((1.0, "valence", palette.valence), (0.86, "arousal", palette.arousal)), palette)
    notes = [
        "unpleasant … pleasant",
        "calm … excited",
        "bands: ± 1 standard dev.",
        "▲▼ turning points of valence",
        "lines: markers; dashed: events",
    ]
    for row, note in enumerate(notes):
        _note(axes, 1.012, 0.70 - 0.09 * row, note, palette.quiet)
    _events(axes, session, palette)


def _events(axes: Any, session: RecordedSession, palette: Palette) -> None:
    """A line at each marker and event, and what it says above it as far as there is room."""
    events = sorted(session.events, key=lambda event: float(event["time"]))
    for event in _one_a_pixel(events, "time", session):
        style = "-" if event["kind"] == "marker" else (0, (2, 2))
        axes.axvline(event["time"], color=palette.quiet, linewidth=0.9, linestyle=style)
    free_from, length_s = session.start_s, max(session.end_s - session.start_s, 1e-3)
    for event in events:
        text = said(Event(event["time"], event["kind"], event["message"]))
        room = int((session.end_s - event["time"]) / length_s * 190)
        if event["time"] < free_from or room < 4:
            continue
        text = _shortened(text, min(room, 40))
        axes.text(
            event["time"] + length_s * 0.003,
            1.06,
            text,
            color=palette.quiet,
            fontsize=_SMALL_PT,
            fontfamily=_fonts(),
            parse_math=False,
            va="bottom",
        )
        free_from = event["time"] + length_s * (len(text) + 2) / 190


def _one_a_pixel(lines: Iterable[Fields], name: str, session: RecordedSession) -> Iterator[Fields]:
    """Of things in time order, those that can be told apart in the picture: hundreds at most."""
    pixel_s = max(session.end_s - session.start_s, 1e-3) / (WIDTH_IN * DPI)
    drawn = set()
    for line in lines:
        look = (line[name] // pixel_s, line.get("kind") in {"marker", "peak"})
        if look not in drawn:
            drawn.add(look)
            yield line


def _emotions(axes: Any, columns: Columns, palette: Palette) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"], fontsize=_TEXT_PT)
    colours = [EMOTION_COLOURS[emotion] for emotion in EMOTIONS]
    axes.stackplot(columns.time_s, columns.emotions.T, colors=colours, linewidth=0, labels=EMOTIONS)
    # In the order of the stack, from its top.
    rows = [
        (0.97 - 0.14 * row, emotion, EMOTION_COLOURS[emotion])
        for row, emotion in enumerate(reversed(EMOTIONS))
    ]
    _beside(axes, rows, palette)


def _episodes(axes: Any, session: RecordedSession, palette: Palette) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["episodes"], fontsize=_TEXT_PT)
    length_s = max(session.end_s - session.start_s, 1e-3)
    for episode in _one_a_pixel(session.episodes, "end", session):
        begin, end = episode["start"], episode["end"]
        axes.axvspan(begin, end, color=EMOTION_COLOURS[episode["emotion"]], linewidth=0)
        if (end - begin) / length_s * 140 > len(episode["emotion"]) + 2:
            axes.text(
                (begin + end) / 2,
                0.47,
                episode["emotion"],
                color=DARK.ground,
                fontsize=_SMALL_PT,
                fontweight="bold",
                ha="center",
                va="center",
            )


def _modalities(axes: Any, columns: Columns, palette: Palette) -> None:
    """A row each: as high as its share; a thin line where it was there at all."""
    axes.set_ylim(0, len(MODALITIES))
    places = [len(MODALITIES) - 1 - row for row in range(len(MODALITIES))]
    axes.set_yticks([place + 0.42 for place in places], MODALITIES, fontsize=_TEXT_PT)
    for row, modality in enumerate(MODALITIES):
        base, colour = places[row] + 0.08, MODALITY_COLOURS[modality]
        height = base + 0.84 * columns.shares[:, row]
        axes.fill_between(columns.time_s, base, height, color=colour, linewidth=0, alpha=0.85)
        there = columns.present[:, row] > 0.5
        axes.fill_between(columns.time_s, base - 0.05, base, where=there, color=colour, linewidth=0)
        axes.axhline(places[row], color=palette.rule, linewidth=0.6)
    for row, note in enumerate(("height: the part of each", "in the result", "no line: it was absent")):
        _note(axes, 1.012, 0.88 - 0.2 * row, note, palette.quiet)


def _words(axes: Any, session: RecordedSession, palette: Palette) -> None:
    axes.set_ylim(0, LANES)
    axes.set_yticks([LANES / 2], ["words"], fontsize=_TEXT_PT)
    for time_s, lane, text in _placed_words(session):
        axes.text(
            time_s,
            LANES - 0.5 - lane,
            text,
            color=palette.text,
            fontsize=_SMALL_PT,
            fontfamily=_fonts(),
            parse_math=False,
            va="center",
            clip_on=True,
        )


def _placed_words(session: RecordedSession) -> list[tuple[float, int, str]]:
    """Start, lane and text of each caption; empty where they do not all find room."""
    length_s = max(session.end_s - session.start_s, 1e-3)
    free_from, placed = [session.start_s] * LANES, []
    for caption in captions(session.words):
        begin, text = caption[0]["start"], printable(" ".join(word["text"] for word in caption))
        end = begin + length_s * (len(text) + 2) / 175
        lane = next((lane for lane in range(LANES) if free_from[lane] <= begin), None)
        if lane is None:
            return []
        # The last words of a session may begin too late to be written to their end: they stand earlier.
        begin = max(min(begin, session.end_s - (end - begin)), free_from[lane])
        free_from[lane] = end
        placed.append((begin, lane, text))
    return placed


def _beside(axes: Any, rows: Any, palette: Palette) -> None:
    """A legend at the right edge."""
    for height, name, colour in rows:
        axes.text(1.012, height, "■", color=colour, fontsize=_TEXT_PT, va="top", transform=axes.transAxes)
        axes.text(
            1.033, height, name, color=palette.text, fontsize=_TEXT_PT, va="top", transform=axes.transAxes
        )


def _note(axes: Any, left: float, height: float, text: str, colour: str) -> None:
    axes.text(left, height, text, color=colour, fontsize=_SMALL_PT - 0.8, va="top", transform=axes.transAxes)


def _title(figure: Any, session: RecordedSession, palette: Palette) -> None:
    figure.text(
        0.085,
        0.955,
        _shortened(printable(session.name), 70),
        color=palette.text,
        fontsize=_TITLE_PT,
        fontweight="bold",
        fontfamily=_fonts(),
        parse_math=False,
        va="center",
    )
    facts = [span(session.end_s - session.start_s)]
    if session.record is not None:
        facts.append(f"recorded {session.record.started:%Y-%m-%d %H:%M}")
    models = session.header.get("models", {})
    facts += [f"{part}: {printable(str(name))}" for part, name in models.items()]
    figure.text(
        0.085,
        0.925,
        _shortened("  ·  ".join(facts), 190),
        color=palette.quiet,
        fontsize=_SMALL_PT,
        parse_math=False,
        va="center",
    )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


@cache
def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _FURTHER_FONTS if name in installed)]
