from dataclasses import replace

import numpy as np
import pytest
import torch

from live_sentiment.core.errors import RunError
from live_sentiment.training.data.text_corpora import LabelledTexts
from live_sentiment.training.tasks import text_tune
from live_sentiment.training.tasks.text_lora import TextNetwork
from live_sentiment.training.tasks.text_recipe import BROAD, NEAR, TuneSettings
from live_sentiment.training.tasks.text_tune import Tuned, Tuning, average
from tests.helpers.tiny_text import load_encoder

SETTINGS = TuneSettings(
    rank=2,
    inner_size=8,
    batch=8,
    broad=replace(BROAD, learning_rate=5e-3),
    near=replace(NEAR, epochs=2, descent_epochs=2, learning_rate=5e-3),
)


def corpora():
    words = ["happy", "sad", "angry", "nine"]
    texts = tuple(f"i am so {words[n % 4]} now {n}" for n in range(40))
    emotions = np.eye(7, dtype=np.float32)[[(1, 2, 3, 0)[n % 4] for n in range(40)]]
    polarity = np.eye(3, dtype=np.float32)[[(2, 0, 0, 1)[n % 4] for n in range(40)]]
    before = tuple(texts[max(n - 1, 0) : n] for n in range(40))
    return {
        "talk": {"train": LabelledTexts(texts, emotions, polarity, before)},
        "reviews": {"train": LabelledTexts(texts, None, polarity)},
        "unseen": {"test": LabelledTexts(texts, emotions, None)},
    }


@pytest.fixture
def encoder(tmp_path):
    return load_encoder(tmp_path / "encoder")


def tuning(encoder, work, told=lambda *_: None, settings=SETTINGS):
    return Tuning(corpora(), "talk", encoder, settings, work, told=told, bfloat16=False)


def same(one, other):
    pairs = [
        (one.head, other.head),
        (one.adapter.down, other.adapter.down),
        (one.adapter.up, other.adapter.up),
    ]
    return all(torch.equal(left[key], right[key]) for left, right in pairs for key in left)


def test_an_interrupted_run_goes_on_to_the_same_numbers(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(text_tune, "CHECKPOINT_STEPS", 3)
    whole = tuning(encoder, tmp_path / "whole").train(1, 0)
    for stop in (4, 8, 5):
        seen = []

        def told(*step, seen=seen, stop=stop):
            seen.append(step)
            if len(seen) == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            tuning(encoder, tmp_path / "parts", told).train(1, 0)
    assert same(tuning(encoder, tmp_path / "parts").train(1, 0), whole)


def test_seeds_share_the_broad_stage_and_differ_in_the_near_one(encoder, tmp_path):
    stages = []
    run = tuning(encoder, tmp_path, lambda stage, *_: stages.append(stage))
    first, second = run.train(0, 0), run.train(1, 0)
    assert list(dict.fromkeys(stages)) == ["broad, seed 0", "near, seed 0", "near, seed 1"]
    assert not same(first, second)


def test_other_settings_or_texts_do_not_go_on_from_a_checkpoint(encoder, tmp_path):
    tuning(encoder, tmp_path).train(0, 0)
    steps = []
    other = replace(SETTINGS, near=replace(SETTINGS.near, learning_rate=1e-3))
    tuning(encoder, tmp_path, lambda stage, *_: steps.append(stage), other).train(0, 0)
    assert set(steps) == {"near, seed 0"}


def test_a_loss_that_is_no_number_ends_the_run(encoder, tmp_path):
    settings = replace(SETTINGS, broad=replace(SETTINGS.broad, learning_rate=float("inf")))
    with pytest.raises(RunError, match=r"the loss is nan at step \d+; a lower learning rate"):
        tuning(encoder, tmp_path, settings=settings).train(0, 0)


def test_an_average_lies_between_its_seeds(encoder, tmp_path):
    run = tuning(encoder, tmp_path)
    first, second = run.train(0, 0), run.train(1, 0)
    mean = average([first, second])
    assert isinstance(mean, Tuned)
    name = list(mean.adapter.up)[-1]
    expected = (first.adapter.up[name].float() + second.adapter.up[name].float()) / 2
    assert torch.allclose(mean.adapter.up[name].float(), expected, atol=1e-3)
    assert same(average([first, first]), first)


def test_the_encoder_with_its_adapter_computes_what_the_network_did(encoder, tmp_path):
    torch.manual_seed(0)
    network = TextNetwork(encoder.folder, 2, 2.0, 8, 0.0, bfloat16=False).eval()
    with torch.no_grad():
        for name, one in network.learnt().items():
            if name.endswith(".up"):
                one.copy_(torch.randn(one.shape).half())
            elif name.endswith(".down"):
                one.copy_(one.half())
    tokens, context = encoder.tokens("i am so happy"), encoder.tokens("oh my god")
    ids, skipped = encoder.joined(tokens, context)
    read = torch.tensor([[n == 0 or n > skipped for n in range(len(ids))]])
    with torch.inference_mode():
        expected = network(torch.tensor([ids]), torch.ones_like(read), read)[0][0]
        encoder.adapt(network.adapter())
        found = network.head(torch.from_numpy(encoder.embed(tokens, context))[None])[0][0]
    assert torch.allclose(found, expected, atol=1e-4)
