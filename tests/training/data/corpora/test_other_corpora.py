"""Corpora of texts, of faces, and a folder of one's own."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.data.corpora import describe, read_corpus
from live_sentiment.training.data.face_data import SPLITS, VOTES
from live_sentiment.training.data.labels import hard
from live_sentiment.training.data.samples import Corpus
from tests.helpers.places import DATA, needs_data
from tests.helpers.releases import clip, lines, wav


def emotions(corpus: Corpus) -> list[str | None]:
    labels = hard([one.emotions for one in corpus.samples])
    return [EMOTIONS[label] if label >= 0 else None for label in labels]


def polarities(corpus: Corpus) -> list[str | None]:
    return [
        None if one.polarity is None else POLARITIES[int(one.polarity.argmax())] for one in corpus.samples
    ]


def test_texts_as_released(tmp_path: Path) -> None:
    lines(tmp_path / "text/goemotions/train.tsv", "Thank you\t15\tid", "Why me\t7,25\tid")
    lines(tmp_path / "text/goemotions/dev.tsv", "oh\t27\tid")
    lines(tmp_path / "text/SST-2/train.tsv", "sentence\tlabel", "it 's dull , ca n't watch\t0", "a joy\t1")
    lines(tmp_path / "text/semeval-2017/twitter-2016train-A.txt", "1\tpositive\tgreat day")
    go, sst, tweets = (read_corpus(name, tmp_path) for name in ("goemotions", "sst2", "semeval"))
    assert [one.split for one in go.samples] == ["train", "train", "validation"]
    assert emotions(go) == ["joy", None, "neutral"]
    assert polarities(go) == ["positive", "negative", "neutral"]
    assert go.notes == (f"GoEmotions: no test split in {tmp_path / 'text/goemotions'}",)
    assert [one.text for one in sst.samples] == ["it's dull, can't watch", "a joy"]
    assert polarities(sst) == ["negative", "positive"]
    assert emotions(sst) == [None, None]
    assert polarities(tweets) == ["positive"]


def test_an_unknown_label_of_a_text_is_refused(tmp_path: Path) -> None:
    lines(tmp_path / "train.tsv", "text\temotions", "hello\tbliss")
    with pytest.raises(UsageError, match="GoEmotions, train, text 1: unknown label 'bliss'; known are"):
        read_corpus("goemotions", tmp_path)


def faces(folder: Path) -> np.ndarray:
    """FER2013 and FERPlus as released: two pictures a split, the second voted to be of contempt."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (6, 48, 48)).astype(np.uint8)
    tables: dict[str, list[dict[str, object]]] = {"fer2013.csv": [], "fer2013new.csv": []}
    for row, usage in enumerate(
        ("Training", "Training", "PublicTest", "PublicTest", "PrivateTest", "PrivateTest")
    ):
        pixels = " ".join(map(str, pictures[row].ravel()))
        tables["fer2013.csv"].append({"emotion": row, "pixels": pixels, "Usage": usage})
        votes = dict.fromkeys(VOTES, 0) | ({"contempt": 8} if row % 2 else {"happiness": 8, "surprise": 2})
        tables["fer2013new.csv"].append({"Usage": usage, "Image name": f"fer{row}.png", **votes})
    for name, rows in tables.items():
        with (folder / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return pictures


def test_faces_with_votes_and_with_labels(tmp_path: Path) -> None:
    pictures = faces(tmp_path)
    voted, labelled = read_corpus("ferplus", tmp_path), read_corpus("fer2013", tmp_path)
    assert [one.key for one in voted.samples] == ["train/0", "valid/0", "test/0"]
    assert [one.split for one in voted.samples] == ["train", "validation", "test"]
    assert voted.samples[0].emotions is not None
    np.testing.assert_allclose(voted.samples[0].emotions, [0, 0.8, 0, 0, 0, 0, 0.2])
    assert voted.dropped == {"contempt leads": 3}
    assert emotions(labelled) == ["anger", "disgust", "fear", "joy", "sadness", "surprise"]
    for corpus in (voted, labelled):
        np.testing.assert_array_equal(corpus.samples[0].picture, pictures[0])


def test_faces_packed_without_the_challenges_label(tmp_path: Path) -> None:
    for split in SPLITS:
        np.savez(tmp_path / f"ferplus_{split}.npz", images=np.zeros((1, 48, 48), np.uint8))
    with pytest.raises(UsageError, match="cannot read the pictures and labels fer2013 of"):
        read_corpus("fer2013", tmp_path)


def test_a_row_of_fer2013_that_is_none(tmp_path: Path) -> None:
    lines(tmp_path / "fer2013.csv", "emotion,pixels,Usage", "3,1 2 3,Training")
    with pytest.raises(UsageError, match="a row is not one of FER2013"):
        read_corpus("fer2013", tmp_path)


def own(folder: Path, *rows: str, head: str) -> Path:
    return lines(folder / "clips.csv", head, *rows)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", 2.0)
    clip(tmp_path / "in/b.mp4")
    cv2.imwrite(str(tmp_path / "c.png"), np.full((5, 6, 3), (250, 10, 20), np.uint8))
    own(
        tmp_path,
        "a.wav,,0.5,1.5,eve,train,joy,,,,",
        'in/b.mp4,"well, well",,,adam,val,"joy:3,anger:1",,0.4,,',
        "c.png,,,,eve,train,,negative,,,",
        ",fine,,,bob,test,,,,-0.2,-1.5",
        "a.wav,,,,eve,train,boredom,,,,",
        "gone.wav,,,,eve,train,joy,,,,",
        "a.wav,,,,eve,train,,,,,",
        ",,,,eve,train,joy,,,,",
        head="file,text,start,end,speaker,split,emotion,polarity,valence,arousal,score",
    )
    corpus = read_corpus("folder", tmp_path)
    heard, seen, face, read = corpus.samples
    assert heard.sound is not None
    assert (heard.sound.start_s, heard.sound.end_s, heard.video) == (0.5, 1.5, None)
    assert heard.key == "a.wav#2"
    assert seen.video == seen.sound
    assert seen.text == "well, well"
    assert seen.split == "validation"
    assert seen.emotions is not None
    assert seen.emotions.tolist() == [0, 0.75, 0, 0.25, 0, 0, 0]
    assert seen.valence_arousal is not None
    assert seen.valence_arousal[0] == pytest.approx(0.4)
    assert np.isnan(seen.valence_arousal[1])
    assert face.picture is not None
    assert face.picture[0, 0].tolist() == [20, 10, 250]
    assert (read.score, read.text) == (-1.5, "fine")
    assert polarities(corpus) == ["positive", "positive", "negative", "negative"]
    assert corpus.dropped == {
        "label boredom": 1,
        "file missing": 1,
        "no label": 1,
        "neither file nor text": 1,
    }
    assert corpus.notes == (
        f"{tmp_path.name}: 1 of 8 clips missing, first gone.wav; expected them where clips.csv says",
    )
    assert "score: 1" in describe(corpus)


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("file,mood", "a.wav,joy", "unknown column 'mood'; known are file, text"),
        ("text,polarity", "hm,mixed", "line 2: unknown polarity 'mixed'"),
        ("text,split,emotion", "hm,spare,joy", "line 2: unknown split 'spare'"),
        ("text,valence", "hm,2", "line 2: valence 2 does not lie within ±1"),
        ("text,score", "hm,good", "'good' in the column score is not a number"),
        ("text,emotion", "hm,joy:many", "line 2: 'many' is no number of votes"),
        ("file,start,end,emotion", "a.wav,2,1,joy", "line 2: nothing lies between 2 s and 1 s"),
        ("file,start,emotion", "a.wav,soon,joy", "line 2: start and end are seconds"),
        ("file,emotion", "a.png,joy", "line 2: cannot read the picture"),
        (
            "text,emotion",
            "hm,boredom",
            r"no sample is left \(1 by label boredom left out\); expected",
        ),
    ],
)
def test_a_table_of_ones_own_that_cannot_be_used(head: str, row: str, said: str, tmp_path: Path) -> None:
    wav(tmp_path / "a.wav")
    lines(tmp_path / "a.png", "no picture")
    own(tmp_path, row, head=head)
    with pytest.raises(UsageError, match=said):
        read_corpus("folder", tmp_path)


def test_the_table_is_found_or_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no CSV file in"):
        read_corpus("folder", tmp_path)
    mine = lines(tmp_path / "mine.csv", "text,emotion", "hm,joy")
    assert len(read_corpus("folder", tmp_path).samples) == 1
    lines(tmp_path / "other.csv", "text,emotion", "hm,joy")
    with pytest.raises(UsageError, match="2 CSV files in"):
        read_corpus("folder", tmp_path)
    assert len(read_corpus("folder", mine).samples) == 1


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageError, match="no corpus 'iemocap'; known are ravdess, crema-d"):
        read_corpus("iemocap", Path())


@needs_data
def test_the_corpora_at_hand_have_the_sizes_of_their_splits() -> None:
    sizes = {
        name: [len(corpus.of(split).samples) for split in ("train", "validation", "test")]
        for name, corpus in ((name, read_corpus(name, DATA)) for name in ("goemotions", "sst2"))
    }
    assert sizes == {
        "goemotions": [43410, 5426, 5427],
        "sst2": [6920, 872, 1821],
    }
