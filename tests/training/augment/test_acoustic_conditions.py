"""Which clips are heard where."""

from collections import Counter
from pathlib import Path

from live_sentiment.training.augment.acoustic_conditions import (
    COPY_CLIPS,
    HARDSHIP_CLIPS,
    STUDIO_CLIPS,
    copy,
    hardships,
    studio,
)
from live_sentiment.training.augment.acoustic_environments import HARDSHIPS, AcousticEnvironment
from live_sentiment.training.data.voice_corpora import Clip


def clips(count: int, corpus: str = "one") -> list[Clip]:
    return [Clip(Path(f"{n}.wav"), corpus, "joy", f"{corpus}-{n % 3}") for n in range(count)]


def test_a_large_corpus_is_thinned_out_and_a_small_one_is_not() -> None:
    both = clips(2 * STUDIO_CLIPS + 1) + clips(50, "two")
    for hearing, most in ((studio(both), STUDIO_CLIPS), (copy(both, 0), COPY_CLIPS)):
        heard = Counter(both[number].corpus for number in hearing.clips)
        assert most / 2 < heard["one"] <= most
        assert heard["two"] == 50


def test_copies_hear_other_clips_and_every_speaker_in_one_place() -> None:
    many = clips(3 * COPY_CLIPS)
    first, second = copy(many, 0), copy(many, 1)
    assert not set(first.clips) & set(second.clips)
    assert first.place(0) == first.place(3)
    assert len({first.place(0), first.place(1), second.place(0)}) == 3


def test_hardships_have_names_and_the_studio_none() -> None:
    some = clips(4)
    assert [hearing.name for hearing in hardships(some)] == list(HARDSHIPS)
    assert all(len(hearing.clips) <= HARDSHIP_CLIPS and hearing.keep == 1 for hearing in hardships(some))
    assert studio(some).place(2) == AcousticEnvironment()
    noises = {hearing.name: {hearing.place(number).noise for number in (0, 1)} for hearing in hardships(some)}
    assert noises["10 dB"] == {"pink", "babble"}


def test_what_is_drawn_depends_on_name_and_clip_alone() -> None:
    draws = [copy(clips(3), 0).random(1).random() for _ in range(2)]
    assert draws[0] == draws[1] != copy(clips(3), 0).random(2).random()
