"""RAVDESS, EmoDB, nEMO and CREMA-D as released, and by an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.data.corpora import describe, read_corpus
from live_sentiment.training.data.raw import decode_sound
from live_sentiment.training.data.samples import Corpus, Sample
from live_sentiment.training.data.splits import divide
from tests.helpers.places import DATA, needs_data
from tests.helpers.releases import clip, lines, ravdess, wav


def shown(corpus: Corpus) -> dict[str, str]:
    return {
        one.key: EMOTIONS[int(one.emotions.argmax())] for one in corpus.samples if one.emotions is not None
    }


def by_key(corpus: Corpus) -> dict[str, Sample]:
    return {sample.key: sample for sample in corpus.samples}


def test_ravdess_brings_the_takes_of_its_three_releases_together(tmp_path: Path) -> None:
    ravdess(tmp_path)
    corpus = read_corpus("ravdess", tmp_path)
    takes = by_key(corpus)
    assert shown(corpus) == {
        "01-01-01-01-01": "neutral",
        "02-02-01-01-02": "neutral",
        "05-01-02-02-02": "anger",
        "06-01-02-01-01": "fear",
        "08-01-02-02-02": "surprise",
    }
    both, seen, heard = takes["06-01-02-01-01"], takes["08-01-02-02-02"], takes["01-01-01-01-01"]
    assert both.sound and both.sound.path.suffix == ".wav"
    assert both.video and both.video.path.name == "01-01-06-01-02-01-01.mp4"
    assert (seen.sound, heard.video) == (None, None)
    assert takes["05-01-02-02-02"].sound == takes["05-01-02-02-02"].video
    assert {one.speaker for one in corpus.samples} == {"ravdess-01", "ravdess-02"}
    assert corpus.dropped == {"song": 1}
    assert any("22 of 24 actors missing, first Actor_03" in note for note in corpus.notes)
    assert any("58 of ravdess-01, 57 of ravdess-02" in note for note in corpus.notes)
    assert seen.polarity is None
    assert both.polarity is not None
    assert POLARITIES[int(both.polarity.argmax())] == "negative"


def test_ravdess_with_files_of_actors_in_a_folder_of_its_own(tmp_path: Path) -> None:
    ravdess(tmp_path / "RAVDESS_speech")
    assert len(read_corpus("ravdess", tmp_path).samples) == 5


def test_emodb_leaves_boredom_out_and_says_so(tmp_path: Path) -> None:
    for name in ("03a01Fa", "03a01Wa", "16b10Lb", "16b10Ta"):
        wav(tmp_path / "wav" / f"{name}.wav")
    corpus = read_corpus("emodb", tmp_path)
    assert shown(corpus) == {"03a01Fa": "joy", "03a01Wa": "anger", "16b10Ta": "sadness"}
    assert corpus.dropped == {"label boredom": 1}
    assert "left out: 1 (label boredom)" in describe(corpus)


def test_nemo(tmp_path: Path) -> None:
    wav(tmp_path / "nEMO/samples/SB0_happiness_12.wav")
    wav(tmp_path / "nEMO/samples/WR0_surprised_64.wav")
    corpus = read_corpus("nemo", tmp_path)
    assert shown(corpus) == {"SB0_happiness_12": "joy", "WR0_surprised_64": "surprise"}
    assert {one.speaker for one in corpus.samples} == {"nemo-SB0", "nemo-WR0"}


def test_files_that_an_index_names_and_that_are_not_there(tmp_path: Path) -> None:
    wav(tmp_path / "ravdess/a.wav")
    lines(
        tmp_path / "index.csv",
        "file,label,speaker",
        *(f"ravdess/{name}.wav,{label},s" for name, label in (("a", "calm"), ("b", "sad"), ("c", "sad"))),
        "emodb/x.wav,sad,t",
    )
    corpus = read_corpus("ravdess", tmp_path)
    assert shown(corpus) == {"a": "neutral"}
    (note,) = corpus.notes
    assert note.startswith("RAVDESS: 2 of 3 clips missing, first ")
    assert "b.wav" in note
    with pytest.raises(UsageError, match=r"EmoDB: no sample is left; EmoDB: 1 of 1 clips missing.*expected"):
        read_corpus("emodb", tmp_path)


CREMA = ("1001_DFA_ANG_XX", "1001_IEO_SAD_HI", "1002_DFA_NEU_XX")


def crema_d(folder: Path, *, votes: bool) -> None:
    for name in CREMA:
        wav(folder / "AudioWAV" / f"{name}.wav")
    for name in CREMA[:2]:
        clip(folder / "VideoFlash" / f"{name}.flv")
    if votes:
        lines(
            folder / "processedResults/summaryTable.csv",
            '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"',
            '"1","1001_DFA_ANG_XX","A","60","A","60","A:D","60:50"',
            '"2","1002_DFA_NEU_XX","S","40","N","50","N","50"',
        )


def test_crema_d_goes_by_the_votes_of_what_there_is_of_a_clip(tmp_path: Path) -> None:
    crema_d(tmp_path / "CREMA-D", votes=True)
    corpus = read_corpus("crema-d", tmp_path)
    clips = by_key(corpus)
    assert shown(corpus)["1001_IEO_SAD_HI"] == "sadness"
    assert clips["1001_DFA_ANG_XX"].emotions is not None
    assert clips["1001_DFA_ANG_XX"].emotions.tolist() == [0, 0, 0, 0.5, 0, 0.5, 0]
    # There is no video of it: what was heard counts.
    assert shown(corpus)["1002_DFA_NEU_XX"] == "sadness"
    assert clips["1002_DFA_NEU_XX"].speaker == "crema-d-1002"
    assert any("CREMA-D: 1 of 3 videos missing, first 1002_DFA_NEU_XX" in note for note in corpus.notes)
    assert any("3 of the release's 7442" in note for note in corpus.notes)


def test_crema_d_without_votes_goes_by_what_was_intended(tmp_path: Path) -> None:
    crema_d(tmp_path, votes=False)
    corpus = read_corpus("crema-d", tmp_path)
    assert list(shown(corpus).values()) == ["anger", "sadness", "neutral"]
    assert any("intended emotions" in note for note in corpus.notes)
    sound = by_key(corpus)["1001_DFA_ANG_XX"].sound
    assert sound is not None
    assert len(decode_sound(sound)) == 4000


@pytest.mark.parametrize("name", ["ravdess", "emodb", "nemo", "crema-d"])
def test_a_folder_without_the_corpus_says_what_is_expected(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not found in .*; expected "):
        read_corpus(name, tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        read_corpus(name, tmp_path / "nowhere")


def test_a_take_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    wav(tmp_path / "a/03a01Fa.wav")
    wav(tmp_path / "b/03a01Fa.wav")
    with pytest.raises(UsageError, match="EmoDB: 1 samples are there twice, first 03a01Fa"):
        read_corpus("emodb", tmp_path)


@needs_data
@pytest.mark.parametrize(
    ("name", "clips", "speakers"), [("ravdess", 1140, 19), ("emodb", 350, 8), ("nemo", 4481, 9)]
)
def test_the_corpora_at_hand(name: str, clips: int, speakers: int) -> None:
    for folder in (DATA, DATA / "voice"):
        corpus = read_corpus(name, folder)
        assert len(corpus.samples) == clips
        assert len({sample.speaker for sample in corpus.samples}) == speakers
    assert {sample.split for sample in divide(corpus, 0).samples} == {"train", "validation", "test"}
