import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.data.text_corpora import GOEMOTIONS_EKMAN, load_corpora
from tests.helpers.places import DATA, needs_data


def write(folder, name, *lines):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def named(distribution, names):
    return {names[i]: float(p) for i, p in enumerate(distribution) if p}


def test_a_users_own_table_is_read(tmp_path):
    write(
        tmp_path / "mine",
        "train.tsv",
        "text\temotions\tsentiment",
        'so "happy\tjoy,surprise\tpositive',
        "no\tanger\tnegative",
    )
    write(tmp_path / "mine", "dev.tsv", "sentiment\ttext", "neutral\thm")
    corpora = load_corpora(tmp_path)
    train, dev = corpora["mine"]["train"], corpora["mine"]["dev"]
    assert train.texts == ('so "happy', "no")
    assert named(train.emotions[0], EMOTIONS) == {"joy": 0.5, "surprise": 0.5}
    assert named(train.polarity[1], POLARITIES) == {"negative": 1.0}
    assert dev.emotions is None
    assert "test" not in corpora["mine"]


def test_a_text_knows_what_was_said_before_it_in_its_dialogue(tmp_path):
    rows = [("one", 4), ("two", 4), ("three", 4), ("four", 4), ("five", 0), ("six", 0)]
    lines = [f"{text}\tneutral\t{dialogue}" for text, dialogue in rows]
    write(tmp_path / "mine", "train.tsv", "text\tsentiment\tdialogue", *lines)
    assert load_corpora(tmp_path)["mine"]["train"].before == (
        (),
        ("one",),
        ("one", "two"),
        ("two", "three"),
        (),
        ("five",),
    )


def test_the_release_of_meld_is_read(tmp_path):
    write(
        tmp_path / "meld",
        "train_sent_emo.csv",
        "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID",
        '1,"Well, hello!",Ross,joy,positive,0,0',
    )
    train = load_corpora(tmp_path)["meld"]["train"]
    assert train.texts == ("Well, hello!",)
    assert train.before == ((),)
    assert named(train.emotions[0], EMOTIONS) == {"joy": 1.0}
    assert named(train.polarity[0], POLARITIES) == {"positive": 1.0}


def test_the_release_of_goemotions_is_read_and_grouped(tmp_path):
    write(tmp_path / "go", "train.tsv", "Thank you\t15\teew5j0j", "Why me\t7,25\teew5j0k")
    train = load_corpora(tmp_path)["go"]["train"]
    assert named(train.emotions[0], EMOTIONS) == {"joy": 1.0}
    assert named(train.emotions[1], EMOTIONS) == {"surprise": 0.5, "sadness": 0.5}
    assert train.polarity is None


def test_goemotions_labels_are_numbered_by_the_alphabet():
    assert len(GOEMOTIONS_EKMAN) == 28
    groups = {0: "joy", 2: "anger", 11: "disgust", 14: "fear", 22: "surprise", 25: "sadness", 27: "neutral"}
    assert {number: GOEMOTIONS_EKMAN[number] for number in groups} == groups


def test_the_release_of_semeval_is_read_from_all_its_years(tmp_path):
    write(tmp_path / "semeval", "twitter-2015train-A.txt", "1\tpositive\tgreat day")
    write(tmp_path / "semeval", "twitter-2016train-A.txt", "2\tneutral\tit is monday")
    write(tmp_path / "semeval", "twitter-2016dev-A.txt", "3\tnegative\toh no")
    splits = load_corpora(tmp_path)["semeval"]
    assert splits["train"].texts == ("great day", "it is monday")
    assert named(splits["dev"].polarity[0], POLARITIES) == {"negative": 1.0}


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("train.tsv", ("sentence\tlabel", "it 's dull , ca n't watch\t0", "a joy\t1")),
        ("stsa.binary.train", ("0 it 's dull , ca n't watch", "1 a joy")),
    ],
)
def test_sst2_is_read_as_glue_and_as_first_released_and_joined_up(tmp_path, file, lines):
    write(tmp_path / "sst2", file, *lines)
    train = load_corpora(tmp_path)["sst2"]["train"]
    assert train.texts == ("it's dull, can't watch", "a joy")
    assert [named(one, POLARITIES) for one in train.polarity] == [{"negative": 1.0}, {"positive": 1.0}]


def test_what_cannot_be_trained_on_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no corpus to train on"):
        load_corpora(tmp_path)
    write(tmp_path / "mine", "train.tsv", "text\temotion", "hello\tbliss")
    with pytest.raises(UsageError, match="mine, train: unknown label 'bliss'; known are neutral, joy"):
        load_corpora(tmp_path)
    write(tmp_path / "mine", "train.tsv", "text\temotion", "hello\tjoy", "and\t")
    with pytest.raises(UsageError, match="1 of 2 texts have no emotion"):
        load_corpora(tmp_path)


@needs_data
def test_the_corpora_at_hand_have_the_sizes_of_their_splits():
    corpora = load_corpora(DATA / "text")
    sizes = {name: [len(texts.texts) for texts in splits.values()] for name, splits in corpora.items()}
    assert sizes["meld"] == [9989, 1109, 2610]
    assert sizes["goemotions"] == [43410, 5426, 5427]
    assert sizes["sst2"] == [6920, 872, 1821]
    for splits in corpora.values():
        for texts in splits.values():
            for table in (texts.emotions, texts.polarity):
                assert table is None or np.allclose(table.sum(axis=1), 1.0)
