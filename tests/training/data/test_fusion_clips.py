"""Recorded clips: the demo's three sentences as a corpus of one's own, and windows of made-up readings."""

from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.console.main import main
from live_sentiment.core.config import FusionConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, MODALITIES, FloatArray, Modality, Observation
from live_sentiment.models.fusion import Fusion
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.training.data.fusion_clips import Clips, _heads, windows_of
from live_sentiment.training.data.samples import Sample

DEMO = Path(__file__).parents[3] / "recordings" / "demo.mp4"
DIMS: dict[Modality, int] = {"text": 4, "voice": 3, "vision": 2}


def look(modality: Modality, time_s: float) -> Observation:
    person = 1 if modality == "vision" else None
    embedding = np.full(DIMS[modality], time_s, np.float32)
    flat = np.full(7, 1 / 7, np.float32), np.full(3, 1 / 3, np.float32)
    return Observation(modality, time_s, embedding, *flat, person=person)


def sample(key: str, emotion: str | None, polarity: FloatArray | None = None) -> Sample:
    one_hot = None if emotion is None else np.eye(7, dtype=np.float32)[EMOTIONS.index(emotion)]
    return Sample(key, emotions=one_hot, polarity=polarity)


@pytest.fixture
def clips() -> Clips:
    observed = {
        "text": {"a": (look("text", -3.0), look("text", 0.0))},
        "voice": {"a": (look("voice", -5.0), look("voice", -1.0)), "b": (look("voice", 0.0),)},
        "vision": {"b": tuple(look("vision", -0.5 * back) for back in (2, 1, 0))},
    }
    positive = np.array([0, 0, 1], np.float32)
    return windows_of([sample("a", "anger"), sample("b", None, positive)], observed, DIMS, 4.0)


def test_a_window_holds_what_was_read_in_the_last_seconds_of_the_clip(clips: Clips) -> None:
    assert clips.batch.present.tolist() == [[True, True, False], [False, True, True]]
    assert clips.counts() == {"text": 1, "voice": 2, "vision": 1}
    voice = clips.batch.sequences["voice"]
    assert voice.times_s[voice.mask].tolist() == [-1.0, 0.0]
    vision = clips.batch.sequences["vision"]
    assert vision.embeddings[1, :, 0].tolist() == [-1.0, -0.5, 0.0]


def test_labels_that_are_missing_stay_missing(clips: Clips) -> None:
    assert clips.emotions.tolist() == [EMOTIONS.index("anger"), -1]
    assert clips.polarity.tolist() == [-1, 2]
    targets = clips.targets(clips.batch.present)
    assert targets.emotions is not None
    assert targets.emotions.isnan().any(dim=1).tolist() == [False, True]
    unlabelled = Clips(clips.batch, torch.full((2, 7), torch.nan), clips.polarity_targets)
    assert unlabelled.targets(clips.batch.present).emotions is None


def test_clips_are_drawn_with_their_labels_and_held_out_whole(clips: Clips) -> None:
    drawn = clips.draw(50, torch.Generator().manual_seed(0))
    assert len(drawn.batch) == 50
    first = drawn.batch.present[:, MODALITIES.index("text")]
    assert torch.equal(drawn.emotions == EMOTIONS.index("anger"), first)
    assert 0 < int(first.sum()) < 50
    assert clips.held_out(50, torch.Generator()) is clips


def test_one_class_teaches_nothing(clips: Clips) -> None:
    with pytest.raises(UsageError, match="own: the training clips are all of one class"):
        _heads("own", clips)


@pytest.mark.models
def test_one_command_trains_on_clips_of_ones_own(
    tmp_path: Path, pulled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ("train", 0.0, 2.3, "neutral", "I am here."),
        ("train", 2.3, 4.6, "joy", "This is wonderful!"),
        ("validation", 4.6, 6.9, "joy", "I am so glad."),
        ("validation", 6.9, 9.2, "neutral", "It is noon."),
        ("test", 9.2, 11.5, "neutral", "There it lies."),
        ("test", 11.5, 14.0, "sadness", "I miss you."),
    ]
    lines = [f'{DEMO},{start},{end},{split},{emotion},"{text}"' for split, start, end, emotion, text in rows]
    (tmp_path / "clips.csv").write_text("\n".join(["file,start,end,split,emotion,text", *lines]) + "\n")
    output = tmp_path / "out" / "fusers.safetensors"
    command = ["train", "fusion", "--corpus", "folder", "--data", str(tmp_path), "--output", str(output)]
    command += ["--device", "cpu", "--seeds", "1", "--steps", "3"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "| text + voice + vision | cross-attention |" in said
    card = output.with_suffix(".md").read_text()
    assert "**Trained on recorded clips**" in card
    assert "the user's own" in card
    assert "synthetic" not in card
    assert "--corpus folder --data FOLDER" in card
    metadata = load_shipped(str(output)).metadata
    assert metadata["samples"]["train"] == {"text": 2, "voice": 2, "vision": 2}
    for fuser in ("product-of-experts", "weighted", "cross-attention"):
        Fusion([], FusionConfig.model_validate({"fuser": fuser, "weights": str(output)}), torch.device("cpu"))
    kept = sorted((output.parent / "cache").glob("clips-*.npz"))
    stamps = [file.stat().st_mtime_ns for file in kept]
    assert main(command) == 0
    assert [file.stat().st_mtime_ns for file in kept] == stamps
