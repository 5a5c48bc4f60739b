"""The teacher's files and arithmetic, on weights made up here in the form of the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from live_sentiment.core.errors import UsageError
from live_sentiment.models.face_second_opinion import MEAN_RGB
from live_sentiment.training.tasks import face_teacher
from live_sentiment.training.tasks.face_teacher import Teacher, cached_opinions, unpack


def pictures(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 48, 48)).astype(np.uint8)


def test_opinions_are_probabilities_of_each_picture(teacher_files: Path) -> None:
    told: list[int] = []
    opinions = Teacher.load(teacher_files).opinions(pictures(), told.append)
    assert opinions.shape == (3, 7)
    np.testing.assert_allclose(opinions.sum(axis=1), 1, atol=1e-5)
    assert told == [3]
    alone = Teacher.load(teacher_files).opinions(pictures()[1:2])
    np.testing.assert_allclose(opinions[1:2], alone, atol=1e-5)


def test_a_mirrored_face_shows_the_same(teacher_files: Path) -> None:
    opinions = Teacher.load(teacher_files).opinions
    np.testing.assert_allclose(opinions(pictures()), opinions(pictures()[:, :, ::-1].copy()), atol=1e-5)


def test_no_pictures_have_no_opinions(teacher_files: Path) -> None:
    assert Teacher.load(teacher_files).opinions(pictures(0)).shape == (0, 7)


def test_quantised_tensors_are_scaled_back() -> None:
    entries = [
        {"name": "a", "shape": [2], "dtype": "float32"},
        {
            "name": "b",
            "shape": [3, 1],
            "dtype": "float32",
            "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
        },
    ]
    raw = np.array([1.5, -2.0], np.float32).tobytes() + bytes([0, 2, 255])
    tensors = unpack(entries, raw)
    assert tensors["a"].tolist() == [1.5, -2.0]
    assert tensors["b"].tolist() == [[-1.0], [0.0], [126.5]]


def test_the_network_computes_what_the_published_one_does(teacher_files: Path) -> None:
    """Against the same arithmetic written out, layer by layer, in the published names and layouts."""
    (group,) = json.loads((teacher_files / face_teacher.MANIFEST).read_text())
    weights = unpack(group["weights"], (teacher_files / "weights.bin").read_bytes())

    def layer(x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        size = -(-x.shape[2] // stride)
        pad = max((size - 1) * stride + 3 - x.shape[2], 0)
        x = F.pad(x, (pad // 2, pad - pad // 2) * 2)
        if f"{name}/filters" in weights:
            x = F.conv2d(x, weights[f"{name}/filters"].permute(3, 2, 0, 1), stride=stride)
        else:
            depthwise = weights[f"{name}/depthwise_filter"].permute(2, 3, 0, 1)
            x = F.conv2d(x, depthwise, stride=stride, groups=x.shape[1])
            x = torch.einsum("bihw,io->bohw", x, weights[f"{name}/pointwise_filter"][0, 0])
        return x + weights[f"{name}/bias"].view(1, -1, 1, 1)

    crops = torch.from_numpy(pictures(2))[:, None].float()
    large = F.interpolate(crops, (112, 112), mode="bilinear", align_corners=False)
    x = torch.stack([(large[:, 0] - mean) / 255 for mean in MEAN_RGB], dim=1)
    for block in range(4):
        first = layer(x, f"dense{block}/conv0", 2).relu()
        second = layer(first, f"dense{block}/conv1", 1)
        third = layer((first + second).relu(), f"dense{block}/conv2", 1)
        fourth = layer((first + second + third).relu(), f"dense{block}/conv3", 1)
        x = (first + second + third + fourth).relu()
    expected = (x.mean(dim=(2, 3)) @ weights["fc/weights"] + weights["fc/bias"]).softmax(dim=1)
    with torch.inference_mode():
        found = Teacher.load(teacher_files).net(crops)
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=0)


def test_opinions_are_kept(teacher_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, cache = Teacher.load(teacher_files), tmp_path / "opinions.npz"
    first = cached_opinions(teacher, pictures(), cache)
    monkeypatch.setattr(Teacher, "opinions", lambda *arguments, **more: np.zeros((2, 7), np.float32))
    np.testing.assert_array_equal(cached_opinions(teacher, pictures(), cache), first)
    assert not cached_opinions(teacher, pictures(2), cache).any()


def test_files_that_are_not_the_teacher_s_are_refused(
    teacher_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no teacher in"):
        Teacher.load(tmp_path / "nowhere")
    monkeypatch.setattr(face_teacher, "SHA256", "0" * 64)
    with pytest.raises(UsageError, match="expected 0000"):
        Teacher.load(teacher_files)
