from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, Expert, FloatArray
from live_sentiment.training.data.fusion_text import WORD_S, text_pools
from live_sentiment.training.data.pairing import Pool


class CountingEncoder:
    """Embeds a text as its number of words, and remembers what it was given."""

    sha256 = version = "e" * 64
    max_tokens = 96
    hidden_size = 2

    def __init__(self) -> None:
        self.given: list[str] = []
        self.before: dict[str, str] = {}

    def embed_batch(self, texts: list[str], contexts: list[str]) -> FloatArray:
        self.given += texts
        self.before |= dict(zip(texts, contexts, strict=True))
        return np.array([[len(text.split()), 1.0] for text in texts], np.float32)


class CertainHead:
    """Says joy of one word and neutral of more."""

    expert = Expert("text", 2, np.ones(7, np.float32) / 7, np.ones(3, np.float32) / 3, "head", "0" * 64)

    def __call__(self, embedding: FloatArray) -> tuple[FloatArray, FloatArray]:
        emotions = np.eye(7, dtype=np.float32)[EMOTIONS.index("joy" if embedding[0] == 1 else "neutral")]
        return emotions, np.array([0, 1, 0], np.float32)


def read(data: Path, encoder: CountingEncoder, cache: Path, context_utterances: int = 0) -> dict[str, Pool]:
    head, bars = CertainHead(), Progress(disable=True)
    options = {"context_utterances": context_utterances, "cache": cache, "progress": bars}
    return text_pools(data, encoder, head, **options)  # type: ignore[arg-type]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """MELD with one line per emotion; GoEmotions likewise, and one text with two labels."""
    folder = tmp_path / "data"
    for name, columns in (("meld", "text\temotion\tsentiment"), ("goemotions", "text\temotions")):
        (folder / name).mkdir(parents=True)
        for split in ("train", "dev", "test"):
            lines = [columns]
            for emotion in EMOTIONS:
                text = f"{name} said {split} with {emotion}"
                lines.append(f"{text}\t{emotion}" + ("\tneutral" if name == "meld" else ""))
            if name == "goemotions":
                lines.append("torn between\tjoy,fear")
            (folder / name / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_every_utterance_is_read_half_said_and_whole(data: Path, tmp_path: Path) -> None:
    encoder = CountingEncoder()
    pools = read(data, encoder, tmp_path / "cache")
    train = pools["train"]
    assert train.counts() == [2] * 7
    assert train.looks.embeddings[:, :, 0].tolist() == [[2.0, 5.0]] * 14
    assert train.looks.times_s[0].tolist() == pytest.approx([-3 * WORD_S, 0.0])
    assert EMOTIONS[int(train.looks.emotions[0, 1].argmax())] == "neutral"
    assert "torn between" not in encoder.given
    assert "meld said" in encoder.given
    assert not {text for text in encoder.given if "test" in text} & {
        text for text in encoder.given if "train" in text
    }


def test_what_was_said_before_is_read_with_it(data: Path, tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        lines = [f"{emotion} it is\t{emotion}\tneutral\tone" for emotion in EMOTIONS]
        table = "\n".join(["text\temotion\tsentiment\tdialogue", *lines]) + "\n"
        (data / "meld" / f"{split}.tsv").write_text(table)
    encoder = CountingEncoder()
    read(data, encoder, tmp_path / "cache", context_utterances=1)
    assert encoder.before["sadness it is"] == encoder.before["sadness"] == "joy it is"
    assert encoder.before["neutral it is"] == ""
    assert encoder.before["goemotions said train with joy"] == ""
    alone = CountingEncoder()
    read(data, alone, tmp_path / "cache")
    assert alone.before["sadness it is"] == ""


def test_nothing_is_read_twice(data: Path, tmp_path: Path) -> None:
    read(data, CountingEncoder(), tmp_path / "cache")
    again = CountingEncoder()
    read(data, again, tmp_path / "cache")
    assert not again.given


def test_a_missing_split_is_named(data: Path, tmp_path: Path) -> None:
    (data / "goemotions" / "dev.tsv").unlink()
    with pytest.raises(UsageError, match="dev split of goemotions"):
        read(data, CountingEncoder(), tmp_path)
