"""MELD, CMU-MOSI and CMU-MOSEI: words with sound and picture."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, MODALITIES
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.corpora.mosi_folds import SPLIT_OF_VIDEO
from live_sentiment.training.data.raw import decode_sound
from live_sentiment.training.data.samples import Corpus, Sample, Span
from live_sentiment.training.data.splits import check_no_leak, divide
from tests.helpers.places import DATA, needs_data
from tests.helpers.releases import clip, computational_sequence, lines, meld, wav


def by_key(corpus: Corpus) -> dict[str, Sample]:
    return {sample.key: sample for sample in corpus.samples}


def test_meld_with_clips(tmp_path: Path) -> None:
    meld(tmp_path / "MELD.Raw")
    corpus = read_corpus("meld", tmp_path)
    said = by_key(corpus)
    first = said["train/dia0_utt0"]
    assert first.text == "You’re a genius!"
    assert first.split == "train"
    assert first.emotions is not None
    assert EMOTIONS[int(first.emotions.argmax())] == "joy"
    assert first.polarity is not None
    assert first.polarity.tolist() == [0, 0, 1]
    assert first.sound is not None
    assert first.sound == first.video
    assert len(decode_sound(first.sound)) > 5000
    assert said["train/dia0_utt1"].video is None
    assert said["dev/dia0_utt0"].split == "validation"
    assert corpus.dropped == {"label boredom": 1}
    (note,) = corpus.notes
    assert note.startswith(
        "MELD train: 1 of 2 clips missing, first dia0_utt1.mp4; expected train_splits/dia0_"
    )
    check_no_leak(corpus)


def test_meld_without_clips_is_words(tmp_path: Path) -> None:
    meld(tmp_path, clips=False)
    (tmp_path / "dev_sent_emo.csv").unlink()
    corpus = read_corpus("meld", tmp_path)
    assert not any(sample.video or sample.sound for sample in corpus.samples)
    assert corpus.notes[0] == f"MELD: no dev split in {tmp_path}"
    assert "words only" in corpus.notes[1]


def test_meld_with_a_column_missing(tmp_path: Path) -> None:
    lines(tmp_path / "train_sent_emo.csv", "Utterance,Emotion", "Hi,joy")
    with pytest.raises(UsageError, match="lacks the column Sentiment, Dialogue_ID, Utterance_ID"):
        read_corpus("meld", tmp_path)


TRAIN, TEST = "03bSnISJMiM", "c7UH_rxdZv4"


def mosi(folder: Path) -> None:
    raw = folder / "Raw"
    lines(
        raw / f"Transcript/Segmented/{TRAIN}.annotprocessed",
        "1_DELIM_ANYHOW IT WAS GOOD",
        "2_DELIM_THEY DIDNT",
    )
    lines(raw / f"Transcript/Segmented/{TEST}.annotprocessed", "1_DELIM_(UMM) WELL")
    wav(raw / f"Audio/WAV_16000/Segmented/{TRAIN}_1.wav", 0.5)
    wav(raw / f"Audio/WAV_16000/Full/{TEST}.wav", 3.0)
    clip(raw / f"Video/Segmented/{TRAIN}_1.mp4")
    computational_sequence(
        folder / "CMU_MOSI_Opinion_Labels.csd",
        "Opinion Segment Labels",
        {
            # Written out of order; the segments are counted in time.
            TRAIN: [(4.0, 6.0, [-0.8]), (0.5, 4.0, [2.4])],
            TEST: [(1.0, 2.0, [0.0])],
            "not-in-the-split": [(0.0, 1.0, [1.0])],
            "5W7Z1C_fDaE": [(0.0, 1.0, [1.0])],
        },
    )


def test_the_original_release_of_mosi(tmp_path: Path) -> None:
    mosi(tmp_path / "CMU-MOSI")
    corpus = read_corpus("mosi", tmp_path)
    said = by_key(corpus)
    assert set(said) == {f"{TRAIN}_1", f"{TRAIN}_2", f"{TEST}_1"}
    first, second, other = said[f"{TRAIN}_1"], said[f"{TRAIN}_2"], said[f"{TEST}_1"]
    assert (first.text, second.text, other.text) == ("anyhow it was good", "they didnt", "(umm) well")
    assert (first.score, second.score) == (pytest.approx(2.4), pytest.approx(-0.8))
    assert other.polarity is not None
    assert other.polarity.tolist() == [0, 1, 0]
    assert (first.split, other.split) == ("train", "test")
    assert first.video is not None
    assert second.video is None
    # No segment of its own: the stretch of the whole video's sound.
    assert other.sound == Span(other.sound.path if other.sound else tmp_path, 1.0, 2.0)
    assert len(decode_sound(other.sound)) == 16_000
    assert corpus.dropped == {"no transcript": 1, "not in the standard split": 1}
    assert any("clips missing" in note for note in corpus.notes)


def test_mosi_without_its_labels(tmp_path: Path) -> None:
    lines(tmp_path / f"Raw/Transcript/Segmented/{TRAIN}.annotprocessed", "1_DELIM_X")
    with pytest.raises(UsageError, match="transcripts without labels"):
        read_corpus("mosi", tmp_path)
    lines(tmp_path / "CMU_MOSI_Opinion_Labels.csd", "no HDF5")
    with pytest.raises(UsageError, match="holds no labels in the form of the CMU Multimodal SDK"):
        read_corpus("mosi", tmp_path)


def test_without_h5py_one_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mosi(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UsageError, match=r"needs h5py: pip install 'live-sentiment\[train\]'"):
        read_corpus("mosi", tmp_path)


def label_csv(folder: Path, *rows: str) -> None:
    lines(folder / "label.csv", "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode", *rows)


@pytest.mark.parametrize("name", ["mosi", "mosei"])
def test_label_csv_with_clips(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name.upper()
    label_csv(
        folder,
        "v1,1,GOOD FILM,1.6,,,,Positive,train",
        "v1,2,AND LONG,-0.4,,,,Negative,train",
        "v2,1,WELL,,,,,,valid",
        'v3,7,"NO, NEVER",-3.0,,,,Negative,test',
    )
    clip(folder / "Raw/v1/1.mp4")
    clip(folder / "Raw/v3/7.mp4")
    corpus = read_corpus(name, tmp_path)
    said = by_key(corpus)
    assert {key: one.score for key, one in said.items()} == {"v1_1": 1.6, "v1_2": -0.4, "v3_7": -3.0}
    assert said["v3_7"].text == "NO, NEVER"
    assert said["v3_7"].split == "test"
    assert said["v1_1"].sound is not None
    assert corpus.dropped == {"no label": 1}
    assert corpus.notes == (
        f"{corpus.name}: 1 of 4 clips missing, first v1/2.mp4; expected Raw/VIDEO/CLIP.mp4",
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("v1,1,X,4.0,,,,,train", r"v1_1: a score of 4 does not lie in \[-3, 3\]"),
        ("v1,1,X,good,,,,,train", "'good' in the column label is not a number"),
        ("v1,1,X,1.0,,,,,spare", "unknown split 'spare'"),
    ],
)
def test_a_label_csv_that_cannot_be_used(row: str, said: str, tmp_path: Path) -> None:
    label_csv(tmp_path, row)
    with pytest.raises(UsageError, match=said):
        read_corpus("mosi", tmp_path)


def mosei(folder: Path, *, folds: bool) -> None:
    raw = folder / "Raw"
    lines(
        raw / "Transcript/Segmented/Combined/aaa.txt",
        "aaa___0___0.0___2.1___I love it",
        "aaa___1___2.1___4.0___And then",
        "aaa___2___4.0___6.0___nobody labelled this",
    )
    lines(raw / "Transcript/Segmented/Combined/bbb.txt", "bbb___0___1.0___2.0___Scary  stuff")
    wav(raw / "Audio/Full/WAV_16000/aaa.wav", 6.0)
    clip(raw / "Videos/Full/Combined/bbb.mp4", 3.0)
    computational_sequence(
        folder / "CMU_MOSEI_Labels.csd",
        "All Labels",
        {
            "aaa": [(2.1, 4.0, [0, 0, 0, 0, 0, 0, 0]), (0.02, 2.1, [2.3, 2, 0, 0, 0.5, 0, 0])],
            "bbb": [(1.0, 2.0, [-1, 0, 0, 0, 0, 0, 1])],
            "ccc": [(1.0, 2.0, [1, 1, 0, 0, 0, 0, 0])],
        },
    )
    if folds:
        named = (("train", "'aaa'"), ("valid", '"ccc"'), ("test", "'bbb', 'ddd'"))
        lines(folder / "cmu_mosei_std_folds.py", *(f"standard_{name}_fold=[{ids}]" for name, ids in named))


def test_the_original_release_of_mosei(tmp_path: Path) -> None:
    mosei(tmp_path, folds=True)
    corpus = read_corpus("mosei", tmp_path)
    said = by_key(corpus)
    first, second, scary = said["aaa_0"], said["aaa_1"], said["bbb_0"]
    assert (first.text, second.text, scary.text) == ("I love it", "And then", "Scary stuff")
    assert first.emotions is not None
    assert second.emotions is not None
    np.testing.assert_allclose(first.emotions, [0, 0.8, 0, 0, 0, 0, 0.2])
    assert second.emotions[0] == 1
    assert (first.split, scary.split) == ("train", "test")
    assert first.sound is not None
    assert first.sound.end_s == pytest.approx(2.1)
    assert first.video is None
    assert scary.sound == scary.video
    assert corpus.dropped == {"no transcript and no clip": 1}
    assert any("1 of 3 transcripts missing, first ccc.txt" in note for note in corpus.notes)
    assert any("2 of 3 videos missing, first aaa.mp4" in note for note in corpus.notes)


def test_mosei_without_the_standard_folds_is_divided_by_video(tmp_path: Path) -> None:
    mosei(tmp_path, folds=False)
    wav(tmp_path / "Raw/Audio/Full/WAV_16000/ccc.wav", 2.0)
    corpus = read_corpus("mosei", tmp_path)
    assert any("divided by seed" in note for note in corpus.notes)
    assert len({sample.split for sample in divide(corpus, 0).samples}) == 3


def test_folds_without_videos_are_refused(tmp_path: Path) -> None:
    mosei(tmp_path, folds=False)
    lines(tmp_path / "cmu_mosei_std_folds.py", "standard_train_fold=['aaa']", "standard_valid_fold=[]")
    with pytest.raises(UsageError, match="lists no videos as standard_valid_fold"):
        read_corpus("mosei", tmp_path)


def test_mosei_with_broken_parts(tmp_path: Path) -> None:
    (tmp_path / "Raw/Transcript/Segmented/Combined").mkdir(parents=True)
    with pytest.raises(UsageError, match="transcripts without labels"):
        read_corpus("mosei", tmp_path)
    mosei(tmp_path, folds=False)
    lines(tmp_path / "Raw/Transcript/Segmented/Combined/aaa.txt", "aaa___0___soon___2.1___I love it")
    with pytest.raises(UsageError, match=r"aaa\.txt: a segment without its times"):
        read_corpus("mosei", tmp_path)


def test_the_standard_split_has_its_sizes() -> None:
    splits = list(SPLIT_OF_VIDEO.values())
    assert [splits.count(name) for name in ("train", "validation", "test")] == [52, 10, 31]


@needs_data
def test_the_corpora_at_hand() -> None:
    meld_here, mosi_here = read_corpus("meld", DATA), read_corpus("mosi", DATA)
    assert [len(meld_here.of(split).samples) for split in ("train", "validation", "test")] == [
        9989,
        1109,
        2610,
    ]
    assert [len(mosi_here.of(split).samples) for split in ("train", "validation", "test")] == [1281, 229, 685]
    assert all(SPLIT_OF_VIDEO[sample.speaker or ""] == sample.split for sample in mosi_here.samples)
    for corpus in (meld_here, mosi_here):
        check_no_leak(corpus)


@needs_data
def test_the_features_of_the_acl_split() -> None:
    corpus = read_corpus("mosi-acl17", DATA)
    assert [len(corpus.of(split).samples) for split in ("train", "test")] == [1447, 752]
    first = corpus.samples[0]
    assert {name: table.shape for name, table in first.features.items()} == {
        "text": (1, 100),
        "voice": (1, 73),
        "vision": (1, 100),
    }
    assert all(first.has(modality) for modality in MODALITIES)
    check_no_leak(corpus)


def test_features_that_do_not_fit_together(tmp_path: Path) -> None:
    file = tmp_path / "mosi_acl17_utterance_features.npz"
    arrays = {f"{name}_train": np.zeros((3, 4)) for name in ("text", "audio", "video", "label")}
    np.savez(file, **arrays, video_id_train=np.array(["a", "b"]))
    with pytest.raises(UsageError, match="arrays of different lengths in train"):
        read_corpus("mosi-acl17", tmp_path)
    file.unlink()
    with pytest.raises(UsageError, match="not found"):
        read_corpus("mosi-acl17", tmp_path)
