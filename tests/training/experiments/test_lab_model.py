"""The model and its batches on small tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import EMOTIONS, POLARITIES, Modality
from live_sentiment.training.data.features import Feature
from live_sentiment.training.data.raw import RawReader
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.experiments.batch import Collator, ExperimentBatch, Given, Mixing, Targets
from live_sentiment.training.experiments.joint import Joint
from live_sentiment.training.experiments.model import Embedded, ExperimentModel, _thinned
from live_sentiment.training.experiments.regularise import draw_mixing, keep_modalities
from tests.helpers.toy_encoders import Colours, SoundLevels, WordLengths

NOTHING = Targets.of([])


def given(rows: list[int], values: Tensor, mask: Tensor | None = None) -> Given:
    count, steps = values.shape[:2]
    mask = torch.ones(count, steps, dtype=torch.bool) if mask is None else mask
    zeros = torch.zeros(count, dtype=torch.int64)
    return Given(torch.tensor(rows), zeros, torch.zeros(count), values, mask, torch.zeros(count, steps))


def model(pooled: bool = True, **fusion: Any) -> ExperimentModel:
    torch.manual_seed(0)
    config = LearntConfig.model_validate({"core": "concat", "width": 6, "attention_heads": 2, **fusion})
    dims: dict[Modality, int] = {name: size for name, size in SIZES.items() if name in config.modalities}
    return ExperimentModel({}, dims, config, pooled=pooled).eval()


SIZES: dict[Modality, int] = {"text": 5, "voice": 4, "vision": 3}


def batch(*, voice_rows: list[int] | None = None) -> ExperimentBatch:
    torch.manual_seed(1)
    rows = [0, 1, 2] if voice_rows is None else voice_rows
    held: dict[Modality, Given] = {
        "text": given([0, 1, 2], torch.randn(3, 4, 5)),
        "vision": given([0, 1, 2], torch.randn(3, 1, 3)),
    }
    if rows:
        held["voice"] = given(rows, torch.randn(3, 2, 4)[rows])
    joints = [Joint(Sample(str(number))) for number in range(3)]
    return ExperimentBatch(3, held, Targets.of(joints))


def test_a_sample_that_lacks_a_modality_says_the_same_in_any_company() -> None:
    made = model()
    whole, partly = made(batch()), made(batch(voice_rows=[0, 2]))
    torch.testing.assert_close(partly.emotion_logits[[0, 2]], whole.emotion_logits[[0, 2]])
    assert not torch.allclose(partly.emotion_logits[1], whole.emotion_logits[1])
    assert partly.experts["voice"].present.tolist() == [True, False, True]
    # Leaving it out by the mask is the same as not having it.
    keep = torch.tensor([[True, True, True], [True, False, True], [True, True, True]])
    torch.testing.assert_close(made(batch(), keep).emotion_logits, partly.emotion_logits)


def test_a_batch_without_a_modality_and_an_empty_row_are_inputs_like_any_other() -> None:
    made = model()
    said = made(batch(voice_rows=[]), torch.tensor([[False, True, False]]))
    torch.testing.assert_close(
        said.emotion_logits.softmax(1), made.fuser.log_emotion_prior.exp().expand(3, -1), atol=1e-5, rtol=0
    )


def test_early_fusion_is_what_the_formula_says() -> None:
    """p = softmax(prior + W₂ relu(W₁ norm([x̄_text; nobody; x̄_vision]) + b₁) + b₂)."""
    made = model(modalities=("text", "vision"), hidden=(7,), use_opinions=False, heads=("polarity",))
    one = batch(voice_rows=[])
    fuser: Any = made.fuser
    tokens = []
    for name in ("text", "vision"):
        projection = fuser.projections[name]
        mean = one.given[name].inputs.mean(dim=1)  # type: ignore[index]
        normed = functional.layer_norm(mean, mean.shape[1:], projection.norm.weight, projection.norm.bias)
        tokens.append(normed @ projection.embedding.weight.T + projection.embedding.bias)
    nobody = fuser.core.stand_ins.vectors[1].expand(3, -1)
    joined = functional.layer_norm(torch.cat([tokens[0], nobody, tokens[1]], dim=1), (18,))
    first, last = fuser.trunk[1], fuser.heads["polarity"]
    hidden = (joined @ first.weight.T + first.bias).relu()
    logits = fuser.log_polarity_prior + hidden @ last.weight.T + last.bias
    torch.testing.assert_close(made(one).polarity_logits, logits)
    assert first.out_features == 7
    assert logits.shape == (3, 3)


def test_experts_read_the_mean_embedding_at_their_temperature() -> None:
    made = model(pooled=False)
    one = batch()
    made.temperatures[1] = torch.tensor([2.0, 4.0])
    head: Any = made.heads["voice"]
    mean = one.given["voice"].inputs.mean(dim=1)
    said = made(one).experts["voice"]
    torch.testing.assert_close(said.emotions, head.emotions(mean) / 2)
    torch.testing.assert_close(said.polarity, head.polarity(mean) / 4)


def test_the_fuser_hears_opinions_but_does_not_teach_the_experts() -> None:
    made = model(use_opinions=True)
    made(batch()).emotion_logits.sum().backward()
    assert made.heads["text"].emotions.weight.grad is None  # type: ignore[union-attr]
    loud = made(batch()).emotion_logits
    with torch.no_grad():
        made.heads["text"].emotions.bias.add_(torch.arange(7.0))  # type: ignore[union-attr]
    assert not torch.allclose(made(batch()).emotion_logits, loud)


def test_gradients_of_the_experts_reach_the_encoders() -> None:
    encoder = WordLengths()
    encoder.trained = frozenset({"factor"})
    made = ExperimentModel(
        {"text": encoder}, {"text": 1}, LearntConfig(core="sum", modalities=("text",), width=4), pooled=True
    )
    collator = Collator(("text",), {"text": encoder}, RawReader())
    said = made(collator([Joint(Sample("a", text="one three")), Joint(Sample("b", text="four"))]))
    said.experts["text"].emotions[:, 0].sum().backward()
    assert encoder.factor.grad is not None
    assert encoder.calls == 1


def test_raw_samples_are_prepared_and_what_cannot_be_read_is_absent() -> None:
    encoders: Any = {"text": WordLengths(), "voice": SoundLevels(), "vision": Colours()}
    collator = Collator(("text", "voice", "vision"), encoders, RawReader())
    grey = np.full((4, 4), 51, np.uint8)
    joints = [
        Joint(Sample("a", text="one three", picture=grey)),
        Joint(Sample("b", text="  ")),
        Joint(Sample("c", text="seven", emotions=np.eye(7, dtype=np.float32)[2], score=-1.0)),
    ]
    made = collator(joints)
    assert set(made.given) == {"text", "vision"}
    assert made.given["text"].rows.tolist() == [0, 2]
    assert made.given["text"].inputs[:, :, 0].tolist() == [[3, 5], [5, 0]]
    assert made.given["text"].mask.tolist() == [[True, True], [True, False]]
    torch.testing.assert_close(made.given["vision"].inputs, torch.full((1, 1, 3), 0.2))
    assert made.targets.emotions.isnan().all(dim=1).tolist() == [True, True, False]
    assert made.targets.score[2].item() == -1.0


def test_kept_features_stand_for_the_encoder_and_what_has_none_is_absent() -> None:
    feature = Feature(np.ones((2, 1), np.float32), np.array([-1.0, 0.0], np.float32))
    collator = Collator(("text",), {"text": WordLengths()}, RawReader(), {"text": {"c/a": feature}})
    joints = [
        Joint(Sample("a", text="never read"), {"text": "c/a"}),
        Joint(Sample("b", text="no face"), {"text": "c/b"}),
    ]
    one = collator(joints).given["text"]
    assert one.rows.tolist() == [0]
    assert one.times_s is not None
    assert one.times_s.tolist() == [[-1.0, 0.0]]


def test_looks_of_a_video_are_steps_of_one_sample() -> None:
    made = ExperimentModel(
        {}, {"vision": 2}, LearntConfig(core="sum", modalities=("vision",), width=4), pooled=False
    )
    values = torch.tensor([[[1.0, 0.0]], [[2.0, 0.0]], [[5.0, 1.0]]])
    looks = Given(
        torch.tensor([0, 0, 2]),
        torch.tensor([0, 1, 0]),
        torch.tensor([-0.5, 0.0, 0.0]),
        values,
        torch.ones(3, 1, dtype=torch.bool),
        torch.zeros(3, 1),
    )
    one = made._embed("vision", ExperimentBatch(3, {"vision": looks}, NOTHING))
    assert one.embeddings[:, :, 0].tolist() == [[1, 2], [0, 0], [5, 0]]
    assert one.mask.tolist() == [[True, True], [False, False], [True, False]]
    assert one.times_s[0].tolist() == [-0.5, 0.0]
    assert one.pooled()[0].tolist() == [1.5, 0.0]


def test_long_sequences_become_means_of_equal_stretches() -> None:
    values = torch.arange(7.0)[None, :, None].repeat(3, 1, 1)
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[1, 2:] = False
    mask[2, ::2] = False
    one = _thinned(Embedded(values, mask, values[:, :, 0] - 6), 3)
    assert one.embeddings[0, :, 0].tolist() == [1.0, 3.5, 5.5]
    assert one.times_s[0].tolist() == [-5.0, -2.5, -0.5]
    assert one.mask.tolist() == [[True] * 3, [True, True, False], [True] * 3]
    assert one.embeddings[1, :2, 0].tolist() == [0.0, 1.0]
    assert one.embeddings[2, :, 0].tolist() == [1.0, 3.0, 5.0]


def test_mixing_mixes_what_both_have_and_keeps_what_one_has() -> None:
    made = model()
    one = batch(voice_rows=[0])
    mixing = Mixing(0.75, torch.tensor([1, 0, 2]))
    looked = made.look(one, mixing).windows.sequences
    text = one.given["text"].inputs.mean(dim=1)
    torch.testing.assert_close(looked["text"].embeddings[0, 0], 0.75 * text[0] + 0.25 * text[1])
    voice = one.given["voice"].inputs.mean(dim=1)[0]
    torch.testing.assert_close(looked["voice"].embeddings[:2, 0], voice.expand(2, -1))
    assert looked["voice"].mask[:, 0].tolist() == [True, True, False]


def test_modality_dropout_leaves_one_that_is_there() -> None:
    torch.manual_seed(0)
    one = batch(voice_rows=[0])
    assert keep_modalities(one, 0.0) is None
    all_but_one = keep_modalities(one, 1.0)
    assert all_but_one is not None
    assert all_but_one.sum(dim=1).tolist() == [1, 1, 1]
    assert not bool(all_but_one[1:, 1].any())
    whole = batch()
    drawn = torch.stack([one for _ in range(300) if (one := keep_modalities(whole, 0.3)) is not None])
    assert drawn.float().mean().item() == pytest.approx(0.7, abs=0.05)


def test_the_share_of_a_mixture_is_drawn_only_where_asked() -> None:
    assert draw_mixing(batch(), 0.0) is None
    mixing = draw_mixing(batch(), 0.4)
    assert mixing is not None
    assert 0 <= mixing.share <= 1
    assert sorted(mixing.order.tolist()) == [0, 1, 2]


@pytest.mark.parametrize("core", ["recurrent", "shared-space", "cross-attention", "meta-space", "product"])
def test_every_kind_of_core_gives_what_the_heads_promise(core: str) -> None:
    made = model(
        pooled=False, core=core, heads=("emotions", "polarity", "valence_arousal", "score"), hidden=(5,)
    )
    said = made(batch())
    assert said.emotion_logits.shape == (3, len(EMOTIONS))
    assert said.polarity_logits.shape == (3, len(POLARITIES))
    assert said.valence_arousal.shape == (3, 2)
    assert said.score is not None
    assert said.score.shape == (3,)
    assert isinstance(made.fuser, nn.Module)
