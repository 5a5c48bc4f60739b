"""The join alone, on times made up here: every item in exactly the windows that hold it."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.align.aligner import WindowAligner
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

CONFIG = WindowConfig(length_s=4.0, hop_s=0.25)
END_S = 10.0


def observation(modality: Modality, time_s: float, person: int | None = None) -> Observation:
    emotions, polarity = np.full(7, 1 / 7, np.float32), np.full(3, 1 / 3, np.float32)
    return Observation(modality, time_s, np.zeros(2, np.float32), emotions, polarity, person=person)


def word(text: str, start_s: float, end_s: float) -> Word:
    return Word(text, start_s, end_s, 0.9)


def quiet(length_s: float, start_s: float = 0.0) -> SpeechActivity:
    """Sound in which nobody speaks."""
    chunks = round(length_s / 0.05)
    return SpeechActivity(start_s, 0.05, np.zeros(chunks, np.float32), np.zeros(chunks, np.bool_))


def close_all(aligner: WindowAligner, end_s: float = END_S) -> None:
    for modality in MODALITIES:
        aligner.close(modality, end_s, f"{modality} ended")


def finals(windows: list[Window]) -> list[Window]:
    return [window for window in windows if window.final]


times = st.floats(min_value=0.001, max_value=END_S, allow_nan=False)
items = st.lists(
    st.one_of(
        st.builds(observation, st.sampled_from(["text", "voice"]), times),
        st.builds(observation, st.just("vision"), times, st.integers(1, 3)),
        st.builds(lambda text, end_s: word(text, end_s - 0.1, end_s), st.sampled_from("abc"), times),
    ),
    max_size=40,
)


def time_of(item: Observation | Word) -> float:
    return item.time_s if isinstance(item, Observation) else item.end_s


def held(window: Window) -> list[Observation | Word]:
    return [*itertools.chain(*window.observations.values()), *window.words]


@given(items=items, data=st.data(), hop_s=st.sampled_from([0.25, 0.1, 0.3]))
def test_every_item_falls_in_exactly_the_windows_that_hold_it(
    items: list[Observation | Word], data: st.DataObject, hop_s: float
) -> None:
    aligner = WindowAligner(WindowConfig(length_s=4.0, hop_s=hop_s))
    windows: list[Window] = []
    for item in data.draw(st.permutations([*items, *items])):  # any order, each one twice
        aligner.add(item)
        windows += aligner.windows()
    close_all(aligner)
    windows += aligner.windows()

    unique = {(type(i), getattr(i, "modality", ""), time_of(i), str(getattr(i, "person", "")),
               getattr(i, "text", "")) for i in items}  # fmt: skip
    assert aligner.dropped["duplicate"] == 2 * len(items) - len(unique)
    published = finals(windows)
    assert [w.index for w in published] == list(range(1, len(published) + 1))
    assert published[-1].end_s >= END_S > published[-2].end_s
    for window in published:
        inside = [i for i in items if window.end_s - 4.0 < time_of(i) <= window.end_s]
        assert {id(i) for i in held(window)} <= {id(i) for i in inside}
        assert {(time_of(i), repr(i)) for i in held(window)} == {(time_of(i), repr(i)) for i in inside}


@given(items=items, data=st.data())
def test_finals_do_not_depend_on_how_streams_interleave(
    items: list[Observation | Word], data: st.DataObject
) -> None:
    """Each stream in its own order with its own watermarks, the streams mixed at random."""

    def stream_of(item: Observation | Word) -> Modality:
        return item.modality if isinstance(item, Observation) else "text"

    streams = {m: sorted((i for i in items if stream_of(i) == m), key=time_of) for m in MODALITIES}

    def run(order: list[Modality]) -> list[str]:
        aligner = WindowAligner(CONFIG)
        queues = {m: list(queue) for m, queue in streams.items()}
        windows: list[Window] = []
        for modality in order:
            if queue := queues[modality]:
                now_s = time_of(queue[0])
                while queue and time_of(queue[0]) == now_s:
                    aligner.add(queue.pop(0))
                aligner.advance(modality, now_s)
            windows += aligner.windows()
        for modality in MODALITIES:
            aligner.add(*queues[modality])
        close_all(aligner)
        windows += aligner.windows()
        assert aligner.dropped["late"] == 0
        return [repr(w) for w in finals(windows)]

    order = [stream_of(item) for item in items]
    assert run(data.draw(st.permutations(order))) == run(sorted(order))


def test_a_word_that_comes_late_is_in_the_final_but_not_in_the_provisional() -> None:
    aligner = WindowAligner(CONFIG)
    aligner.advance("voice", 1.0)
    aligner.advance("vision", 1.0)
    provisional = list(aligner.windows())
    assert [w.final for w in provisional] == [False] * 4
    assert provisional[-1].words == ()

    aligner.add(word("hello", 0.5, 0.9))
    aligner.advance("text", 1.0)
    final = list(aligner.windows())
    assert [w.final for w in final] == [True] * 4
    assert [w.text for w in final[-1].words] == ["hello"]


def test_no_window_is_published_twice_or_provisional_after_final() -> None:
    aligner = WindowAligner(CONFIG)
    published: list[tuple[int, bool]] = []
    for step in range(1, 41):
        aligner.advance("vision", step * 0.25)
        aligner.advance("voice", step * 0.25 - 0.1)
        aligner.advance("text", step * 0.25 - 2 * (step % 3))
        published += [(w.index, w.final) for w in aligner.windows()]
    assert len(set(published)) == len(published)
    assert not any((i, True) in published[:at] for at, (i, final) in enumerate(published) if not final)


def test_items_behind_their_own_watermark_are_dropped_and_counted() -> None:
    aligner = WindowAligner(CONFIG)
    aligner.advance("vision", 2.0)
    aligner.add(observation("vision", 2.0, 1), observation("vision", 2.1, 1), observation("voice", 1.0))
    assert aligner.dropped == {"late": 1}


def test_two_words_that_end_at_one_moment_both_count() -> None:
    aligner = WindowAligner(CONFIG)
    first = observation("text", 1.0)
    second = dataclasses.replace(first, embedding=np.ones(2, np.float32))
    aligner.add(first, second, first)
    close_all(aligner, 1.0)
    assert len(list(aligner.windows())[-1].observations["text"]) == 2
    assert aligner.dropped == {"duplicate": 1}


def test_a_watermark_never_moves_back() -> None:
    aligner = WindowAligner(CONFIG)
    for modality in MODALITIES:
        aligner.advance(modality, 1.0)
        aligner.advance(modality, 0.5)
    assert [w.end_s for w in aligner.windows()] == [0.25, 0.5, 0.75, 1.0]


def test_a_modality_that_never_comes_is_absent_with_its_reason_and_holds_nothing_up() -> None:
    aligner = WindowAligner(CONFIG, absent={"voice": "no audio track", "text": "no audio track"})
    aligner.add(observation("vision", 0.2, 1))
    aligner.advance("vision", 0.25)
    (window,) = aligner.windows()
    assert window.final
    assert window.presence["voice"].reason == "no audio track"
    assert window.presence["vision"].present


def test_absence_says_why_while_a_stream_lives_and_after_it_has_ended() -> None:
    aligner = WindowAligner(CONFIG)
    aligner.frame_seen(1.9)
    aligner.add(quiet(8.0))
    aligner.close("vision", 2.0, "video ended")
    aligner.close("voice", 8.0, "audio ended")
    aligner.close("text", 8.0, "audio ended")
    by_end = {w.end_s: w for w in aligner.windows()}
    assert by_end[5.75].presence["vision"].reason == "no face"
    assert by_end[6.0].presence["vision"].reason == "video ended"
    assert by_end[8.0].presence["voice"].reason == "no speech"
    assert max(by_end) == 8.0


def test_what_was_there_without_what_is_looked_for_differs_from_what_was_not_there() -> None:
    """Five seconds are missing of both, from 5 s on; the picture began two seconds late."""
    aligner = WindowAligner(CONFIG)
    for time_s in np.arange(0.0, 15.0, 0.25):
        if not 5.0 < time_s <= 10.0:
            aligner.add(quiet(0.25, start_s=time_s - 0.25))
            if time_s >= 2.0:
                aligner.frame_seen(time_s)
    close_all(aligner, 15.0)
    reasons = {
        window.end_s: [window.presence[modality].reason for modality in ("vision", "voice", "text")]
        for window in aligner.windows()
    }
    assert reasons[1.75] == ["no picture", "no speech", "no words"]
    assert reasons[2.0] == reasons[8.75] == ["no face", "no speech", "no words"]
    assert reasons[9.0] == reasons[10.0] == ["no picture", "no sound", "no sound"]
    assert reasons[10.25] == reasons[15.0] == ["no face", "no speech", "no words"]


def test_a_single_picture_is_a_point_and_nothing_at_all_is_none() -> None:
    aligner = WindowAligner(CONFIG, absent={"voice": "no audio track", "text": "no audio track"})
    aligner.frame_seen(0.0)
    aligner.add(observation("vision", 0.0, 1))
    aligner.advance("vision", 0.0)
    aligner.close("vision", 0.0, "video ended")
    (window,) = aligner.windows()
    assert window.end_s == 0.25
    assert window.presence["vision"].present
    empty = WindowAligner(CONFIG)
    close_all(empty, 0.0)
    assert list(empty.windows()) == []


def test_activity_is_the_share_of_the_window_with_speech() -> None:
    aligner = WindowAligner(CONFIG)
    active = np.zeros(100, np.bool_)
    active[50:75] = True
    aligner.add(SpeechActivity(0.0, 0.04, active.astype(np.float32), active))
    close_all(aligner, 4.0)
    assert list(aligner.windows())[-1].activity == pytest.approx(25 * 0.04 / 4.0)


def test_a_late_start_publishes_only_windows_after_it() -> None:
    aligner = WindowAligner(CONFIG, first_s=60.0)
    close_all(aligner, 61.0)
    assert [w.end_s for w in aligner.windows()] == [60.25, 60.5, 60.75, 61.0]


def test_memory_is_bounded_by_the_window() -> None:
    aligner = WindowAligner(CONFIG)
    for step in range(1, 2000):
        time_s = step * 0.1
        aligner.frame_seen(time_s)
        aligner.add(observation("vision", time_s, 1), observation("voice", time_s), word("a", time_s, time_s))
        for modality in MODALITIES:
            aligner.advance(modality, time_s)
        list(aligner.windows())
    kept = [*aligner._observations.values(), aligner._words]
    assert all(len(queue._items) <= CONFIG.length_s / 0.1 + 3 for queue in kept)
    assert len(aligner._frame_times_s) <= CONFIG.length_s / 0.1 + 3


def stream(aligner: WindowAligner, until_s: float) -> list[Window]:
    """A voice and a face twice a second, words never; every window becomes due."""
    for tick in range(1, int(until_s * 2) + 1):
        aligner.add(observation("voice", tick / 2), observation("vision", tick / 2, 1))
    close_all(aligner, until_s)
    return finals(list(aligner.windows()))


def test_what_is_switched_off_is_absent_at_once_and_back_at_once() -> None:
    aligner = WindowAligner(CONFIG)
    aligner.absent(Absence("voice", 4.0, "switched off", masked=True))
    aligner.back("voice", "switched off", 6.0)
    by_end = {window.end_s: window for window in stream(aligner, END_S)}
    assert by_end[4.0].presence["voice"].present
    for end_s in (4.25, 5.0, 6.0):
        assert by_end[end_s].presence["voice"] == Presence(False, "switched off")
        assert "voice" not in by_end[end_s].observations
        assert by_end[end_s].presence["vision"].present
    assert by_end[6.25].presence["voice"].present


def test_a_lost_device_is_the_reason_where_nothing_came_and_no_reason_where_something_did() -> None:
    aligner = WindowAligner(CONFIG)
    aligner.absent(Absence("vision", 1.0, "camera lost"))
    aligner.add(observation("vision", 0.9, 1), quiet(END_S))
    aligner.back("vision", "camera lost", 9.0)
    close_all(aligner)
    by_end = {window.end_s: window for window in finals(list(aligner.windows()))}
    assert by_end[4.75].presence["vision"].present
    assert by_end[5.0].presence["vision"] == Presence(False, "camera lost")
    assert by_end[9.0].presence["vision"] == Presence(False, "camera lost")
    assert by_end[9.0].presence["text"] == Presence(False, "no words")


def test_two_reasons_end_one_by_one() -> None:
    aligner = WindowAligner(CONFIG)
    aligner.absent(Absence("vision", 0.0, "camera lost"))
    aligner.absent(Absence("vision", 0.0, "camera lost"))
    aligner.absent(Absence("vision", 2.0, "switched off", masked=True))
    aligner.back("vision", "switched off", 3.0)
    aligner.back("vision", "never begun", 3.0)
    close_all(aligner)
    reasons = {w.end_s: w.presence["vision"].reason for w in finals(list(aligner.windows()))}
    assert reasons[3.0] == "switched off"
    assert reasons[7.5] == "camera lost"
