"""The sliding-window join: every item falls in exactly the windows whose interval holds its time.

The join knows nothing of arrival order or of clocks. Each modality's stream carries a watermark: "nothing at
or before t will come any more" (as MediaPipe's timestamp bounds; Akidau et al. 2015, The Dataflow Model). A
window (end − length, end] is published

- **provisional** when the quick streams (voice, vision) have passed its end, with the words known so far;
- **final** when every stream has passed it. Finals come in order and depend on the items' times alone.

Latency: the provisional of a window waits for the slower of voice and vision, the final for the words.
"""

from __future__ import annotations

import math
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from live_sentiment.align.absences import Absences
from live_sentiment.core.config import WindowConfig
from live_sentiment.core.types import (
    MODALITIES,
    Absence,
    Modality,
    Observation,
    Presence,
    SpeechActivity,
    Window,
    Word,
)

QUICK: tuple[Modality, ...] = ("voice", "vision")
"""The modalities a provisional window waits for."""

NOTHING_FOUND: Mapping[Modality, str] = {"text": "no words", "voice": "no speech", "vision": "no face"}
"""Why a modality is absent whose stream is alive: there was material, but not what is looked for ..."""
NO_MATERIAL: Mapping[Modality, str] = {"text": "no sound", "voice": "no sound", "vision": "no picture"}
"""... or there was none in the whole window: a hole in the file, or a stream that begins late."""

Item = TypeVar("Item")


class WindowAligner:
    """Joins observations, words and voice activity of the three modalities into windows.

    Args:
        config: length and hop of the windows, in seconds.
        absent: modalities that will never come, with the reason ("no audio track").
        first_s: windows that end at or before this session time are not published.
    """

    def __init__(
        self, config: WindowConfig, absent: Mapping[Modality, str] | None = None, first_s: float = 0.0
    ) -> None:
        self._length_s, self._hop_s = config.length_s, config.hop_s
        self._reasons: dict[Modality, str] = dict(absent or {})
        self._watermarks = {m: math.inf if m in self._reasons else -math.inf for m in MODALITIES}
        self._ends: dict[Modality, float] = dict.fromkeys(self._reasons, -math.inf)
        self._absences = Absences()
        self._observations = {m: _Timed(_observation_key) for m in MODALITIES}
        self._words = _Timed(_word_key)
        self._activity = _Timed(_activity_key)
        self._frame_times_s: list[float] = []
        self._first = max(math.floor(first_s / self._hop_s), 0) + 1
        self._next_final = self._next_provisional = self._first
        self._begun = False  # whether any stream has given anything
        self.dropped: Counter[str] = Counter()
        """Items not taken, by cause: "late" (behind their own stream's watermark) and "duplicate"."""

    def add(self, *items: Observation | Word | SpeechActivity) -> None:
        """Take items in any order. What lies behind its own stream's watermark is dropped and counted."""
        for item in items:
            if isinstance(item, Observation):
                self._take(self._observations[item.modality], item, item.time_s, item.modality)
            elif isinstance(item, Word):
                self._take(self._words, item, item.end_s, "text")
            else:
                for number, active in enumerate(item.active, start=1):
                    chunk = (item.start_s + number * item.chunk_s, item.chunk_s, bool(active))
                    self._take(self._activity, chunk, chunk[0], "voice")

    def frame_seen(self, time_s: float) -> None:
        """A frame was analysed, whatever was found in it; in time order."""
        self._frame_times_s.append(time_s)
        self._begun = True

    def advance(self, modality: Modality, watermark_s: float) -> None:
        """Promise that nothing of this modality at or before `watermark_s` will come; it never moves back."""
        self._watermarks[modality] = max(self._watermarks[modality], watermark_s)

    def close(self, modality: Modality, end_s: float, reason: str) -> None:
        """End a stream at session time `end_s`; `reason` says why the modality is absent from then on."""
        self._watermarks[modality] = math.inf
        self._reasons[modality] = reason
        self._ends[modality] = end_s

    def absent(self, absence: Absence) -> None:
        """A modality is missing from a moment on, until it is `back`; the windows say why."""
        self._absences.begin(absence)

    def back(self, modality: Modality, reason: str, end_s: float) -> None:
        """An absence is over: windows that end later know nothing of its masking."""
        self._absences.end(modality, reason, end_s)

    def windows(self) -> Iterator[Window]:
        """Publish what has become due: finals in order, then provisionals that are ahead of them."""
        while self._due(self._next_final, self._horizon_s(MODALITIES)):
            yield self._window(self._next_final, final=True)
            self._next_final += 1
            self._forget(self._next_final * self._hop_s - self._length_s)
        self._next_provisional = max(self._next_provisional, self._next_final)
        while self._due(self._next_provisional, self._horizon_s(QUICK)):
            yield self._window(self._next_provisional, final=False)
            self._next_provisional += 1

    def _take(self, queue: _Timed[Item], item: Item, time_s: float, modality: Modality) -> None:
        if time_s <= self._watermarks[modality]:
            self.dropped["late"] += 1
        elif not queue.insert(item):
            self.dropped["duplicate"] += 1

    def _horizon_s(self, modalities: Iterable[Modality]) -> float:
        return min(self._watermarks[m] for m in modalities)

    def _due(self, index: int, horizon_s: float) -> bool:
        if math.isinf(horizon_s) and horizon_s > 0:
            # What lies on the very edge of a hop, as a single picture at 0, belongs to the window before it,
            # which is not published for the first one: there the window behind it holds it.
            alone = index == self._first and self._begun
            return alone or (index - 1) * self._hop_s < max(self._ends.values())
        return index * self._hop_s <= horizon_s

    def _window(self, index: int, *, final: bool) -> Window:
        end_s = index * self._hop_s
        start_s = end_s - self._length_s
        observations: dict[Modality, tuple[Observation, ...]] = {}
        for modality, queue in self._observations.items():
            inside = queue.between(start_s, end_s)
            if inside and not self._absences.masked(modality, end_s):
                observations[modality] = inside
        active_s = sum(chunk_s for _, chunk_s, active in self._activity.between(start_s, end_s) if active)
        return Window(
            index=index,
            start_s=start_s,
            end_s=end_s,
            observations=observations,
            words=self._words.between(start_s, end_s),
            activity=min(active_s / self._length_s, 1.0),
            presence={m: self._presence(m, m in observations, start_s, end_s) for m in MODALITIES},
            final=final,
        )

    def _presence(self, modality: Modality, present: bool, start_s: float, end_s: float) -> Presence:
        if present:
            return Presence(True)
        if self._ends.get(modality, math.inf) <= start_s:
            return Presence(False, self._reasons[modality])
        reason = self._absences.reason(modality, start_s, end_s)
        if reason is None:
            material = self._has_material(modality, start_s, end_s)
            reason = (NOTHING_FOUND if material else NO_MATERIAL)[modality]
        return Presence(False, reason)

    def _has_material(self, modality: Modality, start_s: float, end_s: float) -> bool:
        if modality == "vision":
            times = self._frame_times_s
            return bisect_right(times, start_s) < bisect_right(times, end_s)
        return bool(self._activity.between(start_s, end_s))

    def _forget(self, start_s: float) -> None:
        for queue in self._observations.values():
            queue.forget(start_s)
        self._words.forget(start_s)
        self._activity.forget(start_s)
        del self._frame_times_s[: bisect_right(self._frame_times_s, start_s)]
        self._absences.forget(start_s)


class _Timed(Generic[Item]):
    """Items sorted by (time, what tells apart items of one time); equal keys are duplicates."""

    def __init__(self, key: Callable[[Item], tuple[float, str]]) -> None:
        self._key = key
        self._items: list[Item] = []

    def insert(self, item: Item) -> bool:
        """Place the item by its time; False if it is already there."""
        at = bisect_left(self._items, self._key(item), key=self._key)
        if at < len(self._items) and self._key(self._items[at]) == self._key(item):
            return False
        self._items.insert(at, item)
        return True

    def between(self, start_s: float, end_s: float) -> tuple[Item, ...]:
        """Items whose time lies in (start_s, end_s]."""
        return tuple(self._items[self._after(start_s) : self._after(end_s)])

    def forget(self, start_s: float) -> None:
        """Drop what no later window can hold: times at or before start_s."""
        del self._items[: self._after(start_s)]

    def _after(self, time_s: float) -> int:
        return bisect_right(self._items, time_s, key=lambda item: self._key(item)[0])


def _observation_key(item: Observation) -> tuple[float, str]:
    # Two words may end at one moment; only the very same reading of it is a duplicate.
    return item.time_s, f"{item.person} {zlib.crc32(item.embedding.tobytes())}"


def _word_key(item: Word) -> tuple[float, str]:
    return item.end_s, f"{item.start_s} {item.text}"


def _activity_key(chunk: tuple[float, float, bool]) -> tuple[float, str]:
    return chunk[0], ""
