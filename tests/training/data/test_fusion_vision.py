from pathlib import Path

import numpy as np
import pytest
import torch
from rich.progress import Progress

from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.face_expression import DEPTHS, WIDTHS, Expression, ExpressionNet
from live_sentiment.models.store.shipped import load_shipped, save_shipped
from live_sentiment.training.data import face_align
from live_sentiment.training.data.face_data import COLUMNS, SPLITS, VOTES
from live_sentiment.training.data.fusion_vision import LOOK_S, vision_pools


@pytest.fixture
def expression(tmp_path: Path) -> Expression:
    torch.manual_seed(0)
    metadata = {
        "part": "face",
        "labels": list(EMOTIONS),
        "temperature": 1.0,
        "prior": [1 / 7] * 7,
        "widths": list(WIDTHS),
        "depths": list(DEPTHS),
        "familiar_up_to": None,
    }
    save_shipped(tmp_path / "net.safetensors", ExpressionNet().eval().state_dict(), metadata)
    return Expression(load_shipped(str(tmp_path / "net.safetensors")), torch.device("cpu"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Per split: a picture of each emotion with all votes, one without a majority, one that is no face."""
    folder = tmp_path / "face"
    folder.mkdir()
    for seed, split in enumerate(SPLITS):
        votes = np.zeros((len(EMOTIONS) + 2, len(VOTES)), np.uint8)
        votes[np.arange(len(EMOTIONS)), COLUMNS] = 10
        votes[-2, COLUMNS[:4]] = (3, 3, 2, 2)
        votes[-1, VOTES.index("NF")] = 10
        images = np.random.default_rng(seed).integers(0, 256, (len(votes), 48, 48)).astype(np.uint8)
        np.savez(folder / f"ferplus_{split}.npz", images=images, votes=votes)
    return folder


def test_clear_faces_are_looked_at_three_times_as_the_network_sees_them(
    data: Path, expression: Expression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_align, "FaceDetector", lambda *arguments: lambda picture: [])
    pools = vision_pools(data, tmp_path, expression, tmp_path / "cache", Progress(disable=True))
    for split, theirs in (("train", "train"), ("validation", "valid"), ("test", "test")):
        pool = pools[split]
        assert pool.labels.tolist() == list(range(len(EMOTIONS)))
        assert pool.looks.times_s[0].tolist() == pytest.approx([-2 * LOOK_S, -LOOK_S, 0.0])
        with np.load(data / f"ferplus_{theirs}.npz") as stored:
            seen = expression(list(stored["images"][: len(EMOTIONS)]))
        np.testing.assert_allclose(pool.looks.embeddings[:, 2].numpy(), seen.embeddings, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(pool.looks.emotions[:, 2].exp().numpy(), seen.emotions, atol=1e-3)
    different = (pool.looks.embeddings[:, 0] - pool.looks.embeddings[:, 2]).abs().amax(dim=1)
    assert (different > 1e-3).all()
