import numpy as np
import pytest
import torch

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import MODALITIES, Expert
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence, subset_masks
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.training.data.fusion_windows import Targets
from live_sentiment.training.evaluation.metrics import expected_calibration_error
from live_sentiment.training.tasks.fusion_calibration import calibrate, minimise

COUNT = 3000


@pytest.fixture
def fuser() -> LearntFuser:
    torch.manual_seed(0)
    experts = {
        name: Expert(name, 4, np.full(7, 1 / 7, np.float32), np.full(3, 1 / 3, np.float32), "m", "0")
        for name in MODALITIES
    }
    heads = ("emotions", "polarity", "valence_arousal")
    return LearntFuser(experts, LearntConfig(core="mean", width=16, heads=heads)).eval()


@pytest.fixture
def batch() -> FusionBatch:
    generator = torch.Generator().manual_seed(1)
    return FusionBatch(
        {
            name: ModalitySequence(
                torch.randn(COUNT, 1, 4, generator=generator),
                torch.full((COUNT, 1, 7), -1.0),
                torch.full((COUNT, 1, 3), -1.0),
                torch.zeros(COUNT, 1),
                torch.ones(COUNT, 1),
                torch.ones(COUNT, 1, dtype=torch.bool),
            )
            for name in MODALITIES
        }
    )


def drawn(logits: torch.Tensor, scale: float, prior: torch.Tensor) -> torch.Tensor:
    """One-hot labels from a world in which the evidence is worth `scale` times what it says."""
    probabilities = (prior + scale * (logits - prior)).softmax(dim=1)
    labels = torch.multinomial(probabilities, 1, generator=torch.Generator().manual_seed(2))[:, 0]
    return torch.nn.functional.one_hot(labels, logits.shape[1]).float()


def test_it_finds_how_much_the_evidence_is_worth(fuser: LearntFuser, batch: FusionBatch) -> None:
    with torch.no_grad():
        output = fuser(batch)
    targets = Targets(
        emotions=drawn(output.emotion_logits, 0.5, fuser.log_emotion_prior),
        polarity=drawn(output.polarity_logits, 2.0, fuser.log_polarity_prior),
        valence_arousal=output.valence_arousal + torch.tensor([0.3, -0.1]),
    )
    calibrate(fuser, batch, targets)
    assert fuser.emotion_scale[-1].item() == pytest.approx(0.5, abs=0.15)
    assert fuser.polarity_scale[-1].item() == pytest.approx(2.0, abs=0.3)
    torch.testing.assert_close(fuser.learnt_sd[-1], torch.tensor([0.3, 0.1]), atol=1e-3, rtol=0)
    with torch.no_grad():
        probabilities = fuser(batch).emotion_logits.softmax(dim=1)
    assert expected_calibration_error(probabilities, targets.emotions.argmax(dim=1)) < 0.03


def test_targets_may_depend_on_who_is_listened_to(fuser: LearntFuser, batch: FusionBatch) -> None:
    kept: list[list[bool]] = []

    def targets(keep: torch.Tensor) -> Targets:
        kept.append(keep[0].tolist())
        return Targets(emotions=torch.full((COUNT, 7), 1 / 7))

    calibrate(fuser, batch, targets)
    assert kept == subset_masks().tolist()


def test_a_subset_that_nobody_has_keeps_its_scale(fuser: LearntFuser, batch: FusionBatch) -> None:
    silent = batch.keeping(torch.tensor([[True, False, True]]))
    fuser.emotion_scale.fill_(7.0)
    calibrate(fuser, silent, Targets(emotions=torch.full((COUNT, 7), 1 / 7)))
    with_voice = subset_masks()[:, MODALITIES.index("voice")]
    assert torch.equal(fuser.emotion_scale[with_voice], torch.ones(4))
    assert (fuser.emotion_scale[~with_voice][1:] < 1.0).all()


def test_rows_without_labels_are_left_out(fuser: LearntFuser, batch: FusionBatch) -> None:
    emotions = torch.full((COUNT, 7), torch.nan)
    calibrate(fuser, batch, Targets(emotions=emotions))
    assert torch.equal(fuser.emotion_scale, torch.ones(8))
    with torch.no_grad():
        emotions[:1500] = drawn(fuser(batch).emotion_logits, 0.5, fuser.log_emotion_prior)[:1500]
    calibrate(fuser, batch, Targets(emotions=emotions))
    assert fuser.emotion_scale[-1].item() == pytest.approx(0.5, abs=0.2)


def test_minimise_finds_the_bottom() -> None:
    x, bottom = torch.zeros(2, requires_grad=True), torch.tensor([3.0, -1.0])
    minimise(lambda: (x - bottom).square().sum(), [x])
    torch.testing.assert_close(x.detach(), torch.tensor([3.0, -1.0]), atol=1e-4, rtol=0)
