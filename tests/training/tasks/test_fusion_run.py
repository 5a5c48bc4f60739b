import json
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.config import FusionConfig
from live_sentiment.core.types import EMOTIONS, MODALITIES, Expert, Modality, Observation, Presence, Window
from live_sentiment.fusion.batch import SUBSETS
from live_sentiment.models.fusion import Fusion
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.training.data.fusion_looks import Look, cached_pools, fingerprint, make_pool
from live_sentiment.training.data.pairing import Pool, SyntheticPairs
from live_sentiment.training.tasks.fusion import Schedule
from live_sentiment.training.tasks.fusion_run import Corpora, train_fusion, winner

DIM = 4
SCHEDULE = Schedule(steps=6, batch=16, validate_every=3, validation_windows=64, test_windows=64)


def looks(label: int, seed: int, count: int = 2) -> list[Look]:
    draw = np.random.default_rng(seed)
    emotions = draw.dirichlet(1 + 5 * np.eye(7)[label]).astype(np.float32)
    polarity = draw.dirichlet(np.ones(3)).astype(np.float32)
    embedding = draw.standard_normal(DIM).astype(np.float32)
    return [Look(-0.5 * back, embedding, emotions, polarity, 0.9) for back in reversed(range(count))]


def pool(seed: int) -> Pool:
    labels = [label for label in range(7) for _ in range(8)]
    samples = [looks(label, 1000 * seed + row, 1 + row % 3) for row, label in enumerate(labels)]
    return make_pool(samples, labels)


@pytest.fixture
def corpora() -> Corpora:
    splits = [
        SyntheticPairs({modality: pool(10 * split + index) for index, modality in enumerate(MODALITIES)})
        for split in range(3)
    ]
    sources = {modality: f"the {modality} corpus" for modality in MODALITIES}
    return Corpora(*splits, sources=sources, synthetic=True)


@pytest.fixture
def experts() -> dict[Modality, Expert]:
    return {
        modality: Expert(
            modality,
            DIM,
            np.full(7, 1 / 7, np.float32),
            np.full(3, 1 / 3, np.float32),
            f"{modality}-head",
            "a" * 64,
        )
        for modality in MODALITIES
    }


def test_a_pool_holds_what_was_seen_and_masks_the_rest() -> None:
    made = pool(0)
    assert made.looks.mask.sum(dim=1).tolist()[:4] == [1, 2, 3, 1]
    second = looks(0, 1, 2)
    np.testing.assert_array_equal(made.looks.embeddings[1, 0].numpy(), second[0].embedding)
    np.testing.assert_allclose(made.looks.emotions[1, 1].exp().numpy(), second[1].emotions, atol=1e-3)
    assert made.looks.times_s[1, :2].tolist() == [-0.5, 0.0]
    assert made.looks.quality[1, 0].item() == pytest.approx(0.9)
    assert made.labels[-1] == 6


def test_pools_are_made_once_for_the_same_head_and_data(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> dict[str, Pool]:
        made.append("made")
        return {"train": pool(0), "validation": pool(1), "test": pool(2)}

    data = tmp_path / "corpus.tsv"
    data.write_text("one")
    for head in ("a", "a", "b"):
        key = {"modality": "text", "head": head, "data": fingerprint([data])}
        pools = cached_pools(tmp_path / "cache", key, make)
    assert len(made) == 2
    assert torch.equal(pools["validation"].looks.emotions, pool(1).looks.emotions)
    assert torch.equal(pools["test"].looks.mask, pool(2).looks.mask)
    assert torch.equal(pools["train"].labels, pool(0).labels)
    before = fingerprint([data])
    data.write_text("another")
    assert fingerprint([data]) != before


def test_one_run_leaves_weights_that_fuse_and_a_card_that_tells(
    corpora: Corpora, experts: dict[Modality, Expert], tmp_path: Path
) -> None:
    output = tmp_path / "out" / "fusers.safetensors"
    seen: list[tuple[str, int, int]] = []
    rows = train_fusion(
        experts,
        corpora,
        output,
        seeds=2,
        schedule=SCHEDULE,
        command="live-sentiment train fusion --data D --output F",
        progress=lambda name, seed, step, _line: seen.append((name, seed, step)),
    )
    assert seen == [
        (name, seed, step)
        for seed in (0, 1)
        for name in ("weighted", "cross-attention")
        for step in range(1, 7)
    ]
    assert sorted(file.name for file in output.parent.iterdir()) == ["fusers.md", "fusers.safetensors"]
    subsets, contradictions, best = rows.split("\n\n")
    assert len(subsets.splitlines()) == 2 + 4 * len(SUBSETS)
    assert [line.split(" | ")[0] for line in contradictions.splitlines()[2:]] == [
        "| product-of-experts",
        "| weighted",
        "| cross-attention",
    ]

    card = output.with_suffix(".md").read_text()
    assert "synthetic pairs" in card
    assert "no figure below is a cross-modal result" in " ".join(card.replace("**", "").split())
    assert "the voice corpus" in card
    assert subsets in card
    assert contradictions in card
    assert "train fusion --data D" in card
    assert "{" not in card

    metadata = load_shipped(str(output)).metadata
    assert metadata["samples"]["validation"]["text"] == 56
    assert len(metadata["test"]["cross-attention"]) == len(SUBSETS)
    assert best == f"best on validation: {metadata['winner']}"
    for name, losses in metadata["validation_losses"].items():
        assert metadata["seeds"][name] == int(np.argmin(losses))
    assert metadata["contradiction"]["weighted"]["text lies"].keys() == {"confidence", "accuracy"}
    json.dumps(metadata)
    window = _window()
    for fuser in ("product-of-experts", "weighted", "cross-attention"):
        config = FusionConfig.model_validate({"fuser": fuser, "weights": str(output)})
        affect = Fusion(list(experts.values()), config, torch.device("cpu"))(window, None)
        assert affect is not None
        assert affect.shares == {"voice": pytest.approx(1.0)}


def test_the_same_seeds_give_the_same_bytes(
    corpora: Corpora, experts: dict[Modality, Expert], tmp_path: Path
) -> None:
    contents = []
    for name in ("one", "two"):
        output = tmp_path / f"{name}.safetensors"
        train_fusion(
            experts, corpora, output, seeds=1, schedule=SCHEDULE, command="c", progress=lambda *_: None
        )
        contents.append((output.read_bytes(), output.with_suffix(".md").read_bytes()))
    assert contents[0] == contents[1]


def test_the_least_loss_wins_among_those_whose_confidence_holds() -> None:
    losses = {"one": [1.0, 1.2], "other": [0.9, 1.0], "boaster": [0.5, 0.5]}
    errors = {"one": [0.01, 0.02], "other": [0.04, 0.055], "boaster": [0.1, 0.02]}
    assert winner(losses, errors) == "other"
    assert winner(losses, {name: [0.2, 0.2] for name in losses}) == "boaster"


def _window() -> Window:
    look = looks(EMOTIONS.index("joy"), 5)[0]
    heard = Observation("voice", 3.0, look.embedding, look.emotions, look.polarity)
    presence = {modality: Presence(modality == "voice") for modality in MODALITIES}
    return Window(16, 0.0, 4.0, {"voice": (heard,)}, (), 1.0, presence, True)
