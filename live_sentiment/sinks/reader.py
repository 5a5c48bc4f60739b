"""Reads a timeline file back, also one that was cut off, is damaged, or is not to be trusted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.recording.untrusted import open_to_read
from live_sentiment.sinks.jsonl import SCHEMA, VERSION
from live_sentiment.sinks.lines import DamagedLineError, Fields, check, mend_header, parse
from live_sentiment.sinks.order import out_of_order, overlapping

MOST_BYTES = 2 * 2**30
"""Of a timeline: some three days at four points a second."""
LINE_BYTES = 2**20
"""A line is 1 to 2 kB; one that is longer than this is damaged."""
MOST_DAMAGED = 100_000
"""With more damaged lines than this a file is given up."""
KEPT_BYTES = 256 * 2**20
"""Memory for everything but the points: two days of talk without a pause."""
_ITEM_BYTES = 500
"""What a word, episode or event takes beside its text."""
DAMAGE_TOLD = 3
"""Damaged lines that are described; the others are counted."""


@dataclass(frozen=True, slots=True)
class RecordedTimeline:
    """What a timeline file holds; every line as the fields that docs/timeline.md explains."""

    header: Fields
    lines: tuple[Fields, ...]
    """Points, events, episodes and turning points, in the order of the file."""
    end: Fields | None
    """The last line; None if the writer was killed before it."""
    damage: tuple[str, ...] = ()
    """What was left out because it is damaged, and why; for people."""

    @property
    def points(self) -> tuple[Fields, ...]:
        """The ticks, in time order."""
        return self.of("point")

    def of(self, kind: str) -> tuple[Fields, ...]:
        """The lines of one type: "point", "event", "episode" or "turning_point"."""
        return tuple(line for line in self.lines if line["type"] == kind)


def read_timeline(path: Path) -> RecordedTimeline:
    """Read a timeline file whole. A half-written last line, as `kill -9` may leave it, is passed over.

    A damaged line costs that line and what hangs on it, never the rest; `damage` says so.

    Raises:
        UsageError: no such file, not a timeline, or written by a newer version.
    """
    index = index_timeline(path)
    return RecordedTimeline(index.header, tuple(index.lines()), index.end, index.damage)


@dataclass(slots=True)
class TimelineIndex:
    """Everything of a timeline but its points, which are read anew by whoever wants them.

    So a day of it needs little memory. What it gives has the types and ranges that docs/timeline.md states.
    """

    path: Path
    header: Fields = field(default_factory=dict)
    """May lack any part but schema and version."""
    end: Fields | None = None
    """The last line; None if the writer was killed before it."""
    words: tuple[Fields, ...] = ()
    """All that was said, in time order."""
    episodes: tuple[Fields, ...] = ()
    """In time order; none overlaps another."""
    turning_points: tuple[Fields, ...] = ()
    """In time order."""
    events: tuple[Fields, ...] = ()
    """In the order in which they were told."""
    point_count: int = 0
    last_s: float = 0.0
    """Time of the last point; 0 without any."""
    damage: tuple[str, ...] = ()
    """What was left out because it is damaged, and why; for people."""
    usable: bytes = b""
    """By line, whether it is one that `lines` gives."""

    def points(self) -> Iterator[Fields]:
        """The points in time order, read from the file as you go."""
        return (line for line in self.lines() if line["type"] == "point")

    def lines(self) -> Iterator[Fields]:
        """All usable lines but the header and the end, in the order of the file, read from it as you go."""
        for line, usable in zip(_whole_lines(self.path), self.usable, strict=False):
            if usable:
                yield parse(line)

    @property
    def counts(self) -> Counter[str]:
        """Usable lines by type."""
        return Counter(
            point=self.point_count,
            episode=len(self.episodes),
            turning_point=len(self.turning_points),
            event=len(self.events),
        )


def index_timeline(path: Path) -> TimelineIndex:
    """Go through a timeline file once.

    Raises:
        UsageError: as `read_timeline`.
    """
    return _Indexer(path).index()


class _Indexer:
    """One pass over the file, and what is to be left out of what it found."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._usable = bytearray()
        self._told: list[str] = []
        self._damaged = 0
        self._kept_bytes = 0
        self._header: Fields | None = None
        self._end: tuple[int, Fields] | None = None
        self._found: dict[str, list[tuple[int, Fields]]] = {"episode": [], "turning_point": [], "event": []}
        self._words: list[tuple[int, Fields]] = []  # with the place of their point among the points
        self._times_s, self._point_lines = array("d"), array("q")

    def index(self) -> TimelineIndex:
        for number, line in enumerate(_whole_lines(self._path), start=1):
            self._usable.append(0)
            try:
                self._take(number, line)
            except DamagedLineError as error:
                self._leave_out(number, str(error))
        if self._header is None and not self._times_s:
            raise UsageError(f"{self._path} is not a timeline that live-sentiment wrote")
        return self._result()

    def _take(self, number: int, line: bytes) -> None:
        if len(line) > LINE_BYTES:
            raise DamagedLineError(f"is longer than {LINE_BYTES / 2**20:.0f} MiB")
        fields = parse(line)
        if number == 1 and self._is_header(fields):
            return
        check(fields)
        self._usable[-1] = 1
        if fields["type"] == "end":
            self._take_end(number, fields)
        elif fields["type"] == "point":
            self._words += ((len(self._times_s), word) for word in fields["words"])
            self._times_s.append(fields["time"])
            self._point_lines.append(number)
            self._count(sum(_ITEM_BYTES + len(word["text"]) for word in fields["words"]))
        else:
            self._found[fields["type"]].append((number, fields))
            self._count(_ITEM_BYTES + len(line))

    def _is_header(self, fields: Fields) -> bool:
        if "schema" not in fields:
            return False
        if fields["schema"] != SCHEMA:
            raise UsageError(f"{self._path} is not a timeline that live-sentiment wrote")
        version = fields.get("version")
        if type(version) is not int or version > VERSION:
            raise UsageError(
                f"{self._path} has timeline version {str(version)[:40]}, this program reads up to {VERSION}; "
                "update live-sentiment"
            )
        self._header = fields
        for wrong in mend_header(fields):
            self._leave_out(1, wrong)
        return True

    def _take_end(self, number: int, fields: Fields) -> None:
        self._usable[-1] = 0
        if self._end is not None:
            self._leave_out(self._end[0], "stands in the middle, as if the file ended there")
        self._end = (number, fields)

    def _count(self, size: int) -> None:
        self._kept_bytes += size
        if self._kept_bytes > KEPT_BYTES:
            raise UsageError(f"{self._path} holds more words and events than days of talk would make")

    def _leave_out(self, number: int, why: str) -> None:
        self._damaged += 1
        if self._damaged > MOST_DAMAGED:
            raise UsageError(f"{self._path} is not a timeline, or damaged in more than {MOST_DAMAGED} lines")
        if len(self._told) < DAMAGE_TOLD:
            self._told.append(f"line {number}: {why}")

    def _result(self) -> TimelineIndex:
        if self._header is None:
            self._leave_out(1, "is no header; what it said of source, models and settings is missing")
        false_points = set(out_of_order(self._times_s))
        for place in sorted(false_points):
            self._drop(self._point_lines[place], f"its time, {self._times_s[place]:.2f} s, is out of order")
        episodes = self._found["episode"]
        for place in reversed(overlapping([(line["start"], line["end"]) for _, line in episodes])):
            self._drop(episodes.pop(place)[0], "overlaps another episode")
        if self._end is not None and any(self._usable[self._end[0] :]):
            self._leave_out(self._end[0], "stands in the middle, as if the file ended there")
            self._end = None
        return TimelineIndex(
            path=self._path,
            header=self._header or {"type": "header", "schema": SCHEMA, "version": VERSION},
            end=self._end[1] if self._end else None,
            words=tuple(word for place, word in self._words if place not in false_points),
            episodes=_in_time(episodes, "end"),
            turning_points=_in_time(self._found["turning_point"], "time"),
            events=tuple(line for _, line in self._found["event"]),
            point_count=len(self._times_s) - len(false_points),
            last_s=max((t for n, t in enumerate(self._times_s) if n not in false_points), default=0.0) + 0.0,
            damage=self._damage(),
            usable=bytes(self._usable),
        )

    def _drop(self, number: int, why: str) -> None:
        self._usable[number - 1] = 0
        self._leave_out(number, why)

    def _damage(self) -> tuple[str, ...]:
        if not self._damaged:
            return ()
        more = self._damaged - len(self._told)
        rest = f"; and {more} more" if more else ""
        return (f"{self._path} is damaged, and what is damaged was left out: {'; '.join(self._told)}{rest}",)


def _in_time(lines: list[tuple[int, Fields]], name: str) -> tuple[Fields, ...]:
    return tuple(sorted((fields for _, fields in lines), key=lambda fields: float(fields[name])))


def _whole_lines(path: Path) -> Iterator[bytes]:
    """What newlines end; of a line that is too long only so much that it can be seen to be."""
    try:
        with open_to_read(path, MOST_BYTES) as file:
            while line := file.readline(LINE_BYTES + 1):
                rest = line
                while len(line) > LINE_BYTES and rest and not rest.endswith(b"\n"):
                    rest = file.readline(LINE_BYTES)
                # Only what a newline ends was written whole.
                if rest.endswith(b"\n"):
                    yield line
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
