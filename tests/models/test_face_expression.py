"""The network as the stage uses it, with untrained weights: wiring, calibration, invariances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, ImageArray
from live_sentiment.models.face_expression import Expression, ExpressionNet, Weighed, polarity_of
from live_sentiment.models.face_familiarity import Familiarity
from live_sentiment.models.face_pooling import Pooling
from live_sentiment.models.face_second_opinion import SecondOpinion
from live_sentiment.models.store.shipped import load_shipped, save_shipped
from live_sentiment.perception.face.align import CROP_PX

WIDTHS, DEPTHS = [4, 6, 8, 10], [1, 0, 2]
CPU = torch.device("cpu")


def network() -> ExpressionNet:
    torch.manual_seed(0)
    net = ExpressionNet(WIDTHS, DEPTHS)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2.0)
    return net.eval()


def read(tmp_path: Path, tensors: dict[str, torch.Tensor] | None = None, **changes: object) -> Expression:
    metadata = {
        "part": "face",
        "labels": EMOTIONS,
        "temperature": 1.0,
        "prior": [1 / 7] * 7,
        "widths": WIDTHS,
        "depths": DEPTHS,
        "familiar_up_to": None,
    }
    save_shipped(tmp_path / "net.safetensors", tensors or network().state_dict(), metadata | changes)
    return Expression(load_shipped(str(tmp_path / "net.safetensors")), CPU)


def crops(count: int = 3) -> list[ImageArray]:
    return list(np.random.default_rng(0).integers(60, 180, (count, CROP_PX, CROP_PX)).astype(np.uint8))


def test_a_batch_gives_one_row_per_crop(tmp_path: Path) -> None:
    readings = read(tmp_path)(crops())
    assert readings.embeddings.shape == (3, WIDTHS[-1])
    assert readings.emotions.shape == (3, 7)
    np.testing.assert_allclose(readings.emotions.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(readings.polarity.sum(axis=1), 1, atol=1e-6)


def test_each_row_is_its_own_crop_s(tmp_path: Path) -> None:
    expression = read(tmp_path)
    together, alone = expression(crops()), expression(crops()[1:2])
    np.testing.assert_allclose(together.emotions[1:2], alone.emotions, atol=1e-5)


def test_folding_the_normalisation_changes_nothing(tmp_path: Path) -> None:
    batch = torch.from_numpy(np.stack(crops())[:, None].astype(np.float32))
    with torch.inference_mode():
        expected = network()(batch).softmax(dim=1).numpy()
    np.testing.assert_allclose(read(tmp_path)(crops()).emotions, expected, atol=1e-5)


def test_a_higher_temperature_is_less_sure_of_the_same_answer(tmp_path: Path) -> None:
    sure, unsure = (read(tmp_path, temperature=t)(crops()).emotions for t in (0.5, 4.0))
    assert (sure.argmax(axis=1) == unsure.argmax(axis=1)).all()
    assert (sure.max(axis=1) > unsure.max(axis=1)).all()


def test_a_second_opinion_is_pooled_and_leaves_the_embedding(tmp_path: Path) -> None:
    torch.manual_seed(1)
    plain = Pooling(window=(0, 48, 0, 48), second_temperature=1.0, prior_out=0.0, temperatures=(1.0, 1.0))
    both = Weighed(network(), SecondOpinion(), Familiarity(WIDTHS[-1], (0.1, 30.0)), plain).eval()
    # As they ship: weights in 16 bits.
    both.load_state_dict({name: tensor.half() for name, tensor in both.state_dict().items()})
    batch = torch.from_numpy(np.stack(crops())[:, None].astype(np.float32))
    with torch.inference_mode():
        embeddings = both.net.embed(batch)
        share = 0.15 + 0.55 * both.familiarity(embeddings)
        own, second = both.net.head(embeddings).softmax(dim=1), both.second(batch)
        expected = (1 - share) * own + share * second
    readings = read(tmp_path, both.tensors(), familiar_up_to=[0.1, 30.0], pooling=plain.as_dict())(crops())
    np.testing.assert_allclose(readings.emotions, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(readings.embeddings, embeddings.numpy(), atol=1e-4)
    assert np.abs(expected.numpy() - own.numpy()).max() > 0.003


def test_how_opinions_are_pooled_is_in_the_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    pooling = Pooling((0.2, 0.9), (8, 48, 4, 44), 2.0, 1.0, (0.5, 3.0))
    both = Weighed(network(), SecondOpinion(), Familiarity(WIDTHS[-1], (0.1, 30.0)), pooling).eval()
    both.load_state_dict({name: tensor.half() for name, tensor in both.state_dict().items()})
    prior = np.array([0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.1])
    both.set_prior(prior)
    batch = torch.from_numpy(np.stack(crops())[:, None].astype(np.float32))
    with torch.inference_mode():
        expected = both(batch).softmax(dim=1).numpy()
        both.pooling = Pooling()
        otherwise = both(batch).softmax(dim=1).numpy()
    readings = read(
        tmp_path, both.tensors(), familiar_up_to=[0.1, 30.0], prior=list(prior), pooling=pooling.as_dict()
    )(crops())
    np.testing.assert_allclose(readings.emotions, expected, atol=1e-4)
    assert np.abs(expected - otherwise).max() > 0.003


def test_exposure_and_contrast_do_not_matter(tmp_path: Path) -> None:
    expression = read(tmp_path)
    darker = [(crop * 0.5 + 10).astype(np.uint8) for crop in crops()]
    np.testing.assert_allclose(expression(darker).emotions, expression(crops()).emotions, atol=0.02)


def test_a_black_crop_is_read_without_nonsense(tmp_path: Path) -> None:
    readings = read(tmp_path)([np.zeros((CROP_PX, CROP_PX), np.uint8)])
    assert np.isfinite(readings.emotions).all()


def test_polarity_sums_the_emotions_of_each_sign() -> None:
    assert EMOTIONS == ("neutral", "joy", "sadness", "anger", "fear", "disgust", "surprise")
    emotions = np.array([0.1, 0.2, 0.05, 0.1, 0.15, 0.1, 0.3], np.float32)
    np.testing.assert_allclose(polarity_of(emotions), [0.4, 0.4, 0.2], atol=1e-6)


@pytest.mark.parametrize("changes", [{"part": "voice"}, {"labels": EMOTIONS[::-1]}])
def test_weights_of_another_part_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="train face"):
        read(tmp_path, **changes)
