from dataclasses import replace
from pathlib import Path

import pytest
import torch

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import EMOTIONS, MODALITIES, Expert, Modality
from live_sentiment.fusion.batch import SUBSETS, ModalitySequence
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.fusion.polarity import POLARITY_OF_EMOTION
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.training.comparison.fixed_fit import stand_ins
from live_sentiment.training.data.pairing import Pool, SyntheticPairs
from live_sentiment.training.evaluation.fusion_evaluation import (
    contradiction,
    contradiction_table,
    evaluate,
    table,
)
from live_sentiment.training.tasks.fusion import FuserTraining, Schedule, fit_product, validation_loss

SKILL: dict[Modality, float] = {"text": 0.5, "voice": 0.0, "vision": 1.2}
"""How far the right class stands out of the noise in what an expert hears; voice knows nothing."""
BOAST = 3.0
"""Every expert's logits are this many times too large: all of them are over-confident."""
DIM = 7
SCHEDULE = Schedule(steps=60, batch=64, validate_every=20, validation_windows=1024, learning_rate=3e-3)


def make_pool(modality: Modality, seed: int, per_label: int = 200) -> Pool:
    generator = torch.Generator().manual_seed(1000 * seed + MODALITIES.index(modality))
    labels = torch.arange(len(EMOTIONS)).repeat(per_label)
    evidence = torch.randn(len(labels), 1, 7, generator=generator)
    evidence = evidence + SKILL[modality] * torch.nn.functional.one_hot(labels, 7)[:, None] * 2
    emotions = (BOAST * SKILL[modality] * evidence + 0.3 * evidence).log_softmax(dim=2)
    sequence = ModalitySequence(
        embeddings=evidence,
        emotions=emotions,
        polarity=(emotions.exp() @ POLARITY_OF_EMOTION).log(),
        times_s=torch.zeros(len(labels), 1),
        quality=torch.ones(len(labels), 1),
        mask=torch.ones(len(labels), 1, dtype=torch.bool),
    )
    return Pool(sequence, labels)


@pytest.fixture(scope="module")
def pools() -> dict[str, SyntheticPairs]:
    return {
        split: SyntheticPairs({modality: make_pool(modality, seed) for modality in MODALITIES})
        for seed, split in enumerate(("train", "validation", "test"))
    }


@pytest.fixture(scope="module")
def experts() -> dict[Modality, Expert]:
    return stand_ins(dict.fromkeys(MODALITIES, DIM))


@pytest.fixture(scope="module")
def product(experts: dict[Modality, Expert], pools: dict[str, SyntheticPairs]) -> ProductOfExperts:
    return fit_product(experts, pools["validation"], SCHEDULE, seed=0)


def test_over_confident_experts_are_turned_down_and_the_ignorant_one_off(product: ProductOfExperts) -> None:
    text, voice, vision = product.emotion_weights[-1].tolist()
    assert 0 < text < 1
    assert 0 < vision < 1
    assert voice < 0.5 * min(text, vision)
    assert (product.emotion_weights >= 0).all()
    assert not product.emotion_weights[0].any()


def test_calibration_holds_on_pairs_never_seen(
    experts: dict[Modality, Expert], product: ProductOfExperts, pools: dict[str, SyntheticPairs]
) -> None:
    pairs = pools["test"].draw(4000, torch.Generator().manual_seed(9))
    raw, fitted = evaluate(ProductOfExperts(experts, unmoved=None).eval(), pairs), evaluate(product, pairs)
    for index, subset in enumerate(SUBSETS):
        assert fitted[index].calibration_error < 0.06, subset
    assert raw[-1].calibration_error > 2 * fitted[-1].calibration_error
    assert validation_loss(product, pairs) < validation_loss(ProductOfExperts(experts, unmoved=None), pairs)


def test_more_modalities_are_better_and_the_table_says_so(
    product: ProductOfExperts, pools: dict[str, SyntheticPairs]
) -> None:
    pairs = pools["test"].draw(4000, torch.Generator().manual_seed(9))
    figures = evaluate(product, pairs)
    accuracy = {subset: one.accuracy for subset, one in zip(SUBSETS, figures, strict=True)}
    everything = frozenset(MODALITIES)
    assert accuracy[everything] > accuracy[frozenset({"vision"})] > accuracy[frozenset({"text"})]
    assert figures[-1].accuracy_agreeing > figures[-1].accuracy
    assert figures[0].mean_recall == pytest.approx(1 / 7)
    lines = table({"product": [figures, figures]}).splitlines()
    assert len(lines) == 2 + len(SUBSETS)
    assert lines[-1].startswith(
        f"| text + voice + vision | product | {100 * accuracy[everything]:.1f} ± 0.0 |"
    )


def test_a_liar_lowers_confidence(product: ProductOfExperts, pools: dict[str, SyntheticPairs]) -> None:
    pairs = pools["test"].draw(4000, torch.Generator().manual_seed(9))
    cases = contradiction(product, pairs, seed=0)
    assert set(cases) == {"all agree", "text lies", "voice lies", "vision lies"}
    for liar in ("text lies", "vision lies"):
        assert cases[liar].confidence < cases["all agree"].confidence
        assert cases[liar].accuracy < cases["all agree"].accuracy
    assert cases["vision lies"].confidence < cases["text lies"].confidence
    lines = contradiction_table({"product": [cases, cases]}).splitlines()
    assert lines[0] == "| fuser | all agree | text lies | voice lies | vision lies |"
    agreed = cases["all agree"]
    assert f"| {100 * agreed.confidence:.1f} ± 0.0 (right {100 * agreed.accuracy:.1f} ± 0.0) |" in lines[2]


def test_cross_attention_learns_what_helps(
    experts: dict[Modality, Expert], pools: dict[str, SyntheticPairs]
) -> None:
    told: list[tuple[int, str]] = []
    training = FuserTraining(experts, LearntConfig(), pools["train"], pools["validation"], SCHEDULE, seed=0)
    fuser = training.run(lambda step, line: told.append((step, line)))
    pairs = pools["test"].draw(2000, torch.Generator().manual_seed(9))
    figures = evaluate(fuser, pairs)
    assert figures[-1].accuracy > figures[0].accuracy + 0.1
    assert figures[-1].calibration_error < 0.1
    assert validation_loss(fuser, pairs) < validation_loss(LearntFuser(experts, LearntConfig()).eval(), pairs)
    assert [step for step, _ in told] == list(range(1, SCHEDULE.steps + 1))
    assert "best on validation" in told[-1][1]


def test_an_interrupted_training_ends_where_it_would_have(
    experts: dict[Modality, Expert], pools: dict[str, SyntheticPairs], tmp_path: Path
) -> None:
    def training(checkpoint: Path | None) -> FuserTraining:
        return FuserTraining(
            experts,
            LearntConfig(),
            pools["train"],
            pools["validation"],
            SCHEDULE,
            seed=0,
            checkpoint=checkpoint,
        )

    def stop_at_50(step: int, _line: str) -> None:
        if step == 50:
            raise KeyboardInterrupt

    whole = training(None).run(lambda _step, _line: None)
    checkpoint = tmp_path / "seed0.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        training(checkpoint).run(stop_at_50)
    steps: list[int] = []
    resumed = training(checkpoint).run(lambda step, _line: steps.append(step))
    assert steps[0] == 41
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_a_checkpoint_of_other_heads_is_not_taken_up(
    experts: dict[Modality, Expert], pools: dict[str, SyntheticPairs], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "seed0.checkpoint"
    short = replace(SCHEDULE, steps=20)
    data = pools["train"], pools["validation"]
    FuserTraining(experts, LearntConfig(), *data, short, seed=0, checkpoint=checkpoint).run(
        lambda _step, _line: None
    )
    retrained = {**experts, "text": replace(experts["text"], sha256="1")}
    steps: list[int] = []
    again = FuserTraining(retrained, LearntConfig(), *data, short, seed=0, checkpoint=checkpoint)
    again.run(lambda step, _line: steps.append(step))
    assert steps[0] == 1
