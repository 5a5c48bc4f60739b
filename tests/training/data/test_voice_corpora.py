"""Which clips are found, and what they are taken to mean."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.data.voice_corpora import TO_EMOTION, describe, read_corpora
from live_sentiment.training.data.voice_windows import read_sound
from tests.helpers.places import DATA, needs_data


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_releases_are_read_by_their_names(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "RAVDESS/Actor_04/03-01-06-01-02-01-04.wav",
        "RAVDESS/Actor_04/03-01-02-01-02-01-04.wav",
        "RAVDESS/Actor_04/03-02-06-01-02-01-04.wav",  # song
        "RAVDESS/Actor_04/01-01-06-01-02-01-04.mp4",
        "emodb/wav/03a01Wa.wav",
        "emodb/wav/16b10Lb.wav",
        "nEMO/samples/SB0_happiness_12.wav",
        "readme.txt",
    )
    found = {clip.file.name: clip for clip in read_corpora(tmp_path)}
    read = {name: (clip.corpus, clip.label, clip.speaker, clip.emotion) for name, clip in found.items()}
    assert read == {
        "03-01-06-01-02-01-04.wav": ("ravdess", "fearful", "ravdess-04", "fear"),
        "03-01-02-01-02-01-04.wav": ("ravdess", "calm", "ravdess-04", "neutral"),
        "03a01Wa.wav": ("emodb", "angry", "emodb-03", "anger"),
        "16b10Lb.wav": ("emodb", "boredom", "emodb-16", None),
        "SB0_happiness_12.wav": ("nemo", "happiness", "nemo-SB0", "joy"),
    }


def test_every_emotion_is_meant_by_some_label() -> None:
    assert set(TO_EMOTION.values()) == set(EMOTIONS)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    touch(tmp_path, "16b10Lb.wav", "16b10Wb.wav")
    assert (
        describe(read_corpora(tmp_path))
        == "emodb: 2 clips of 1 actors, angry 1, boredom 1; left out: boredom"
    )


def test_an_index_comes_first(tmp_path: Path) -> None:
    touch(tmp_path, "mine/a.flac", "mine/b.flac", "16b10Lb.wav")
    (tmp_path / "index.csv").write_text("file,label,speaker\nmine/b.flac,sad,eve\nmine/a.flac,joy,adam\n")
    clips = read_corpora(tmp_path)
    assert [(clip.file.name, clip.corpus, clip.emotion, clip.speaker) for clip in clips] == [
        ("a.flac", "mine", "joy", "adam"),
        ("b.flac", "mine", "sadness", "eve"),
    ]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("file,label\nx.wav,sad\n", "lacks the column speaker"),
        ("file,label,speaker\nx.wav,sad,eve\n", "1 files that are not there"),
        ("file,label,speaker\n", "no clip of"),
    ],
)
def test_an_index_that_cannot_be_used(tmp_path: Path, index: str, message: str) -> None:
    (tmp_path / "index.csv").write_text(index)
    with pytest.raises(UsageError, match=message):
        read_corpora(tmp_path)


def test_a_folder_without_corpora(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no clip of"):
        read_corpora(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        read_corpora(tmp_path / "nowhere")


def test_sound_is_mixed_and_resampled(tmp_path: Path) -> None:
    t = np.arange(48_000) / 48_000
    left = np.sin(2 * np.pi * 300 * t)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, 0 * left], axis=1), 48_000)
    samples = read_sound(tmp_path / "stereo.wav")
    assert samples.shape == (16_000,)
    expected = 0.5 * np.sin(2 * np.pi * 300 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(samples[200:-200], expected[200:-200], atol=2e-3)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(UsageError, match="cannot decode"):
        read_sound(tmp_path / "text.wav")


@needs_data
def test_the_corpora_at_hand() -> None:
    clips = read_corpora(DATA)
    assert {clip.corpus for clip in clips} == {"ravdess", "emodb", "nemo"}
    assert {clip.emotion for clip in clips} == {*EMOTIONS, None}
    speakers = {clip.speaker for clip in clips if clip.corpus == "ravdess"}
    assert not speakers & {clip.speaker for clip in clips if clip.corpus != "ravdess"}
