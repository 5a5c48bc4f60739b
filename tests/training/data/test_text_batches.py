import numpy as np
import pytest
import torch

from live_sentiment.training.data.text_batches import Source, batch_count, draw_batches
from live_sentiment.training.data.text_corpora import LabelledTexts
from tests.helpers.tiny_text import load_encoder

COUNT = 70
TEXTS = tuple(f"we go {'home ' * (n % 5)}now at {n}" for n in range(COUNT))
EMOTIONS = np.eye(7, dtype=np.float32)[np.arange(COUNT) % 2]
POLARITY = np.eye(3, dtype=np.float32)[np.arange(COUNT) % 3]
BEFORE = tuple(("oh my god",) if n else () for n in range(COUNT))


@pytest.fixture
def encoder(tmp_path):
    return load_encoder(tmp_path)


def batches(encoder, *sources, key="a", context_share=0.0, size=16):
    shares = (0.6, 0.2, 0.2)
    return list(
        draw_batches(sources, encoder, size, context_share=context_share, form_shares=shares, key=key)
    )


def test_a_pass_takes_every_source_by_its_share_and_holds_no_more_padding_than_needed(encoder):
    sources = [
        Source(LabelledTexts(TEXTS, EMOTIONS, POLARITY), 1.0, 1.0),
        Source(LabelledTexts(TEXTS, EMOTIONS, None), 0.3, 0.5),
    ]
    found = batches(encoder, *sources)
    assert len(found) == batch_count(sources, 16) == 6
    weights = torch.cat([one.emotion_weight for one in found])
    assert (weights == 1.0).sum() == COUNT
    assert (weights == 0.5).sum() == 21
    assert (torch.cat([one.polarity_weight for one in found]) == 0).sum() == 21
    assert all(one.mask.any(dim=0).all() for one in found)
    assert sum(int((~one.mask).sum()) for one in found) < 0.1 * sum(one.mask.numel() for one in found)


def test_the_key_decides_what_is_drawn(encoder):
    source = Source(LabelledTexts(TEXTS, EMOTIONS, POLARITY, BEFORE), 0.5, 1.0)
    first, again, other = (batches(encoder, source, key=key, context_share=0.5) for key in ("a", "a", "b"))
    assert all(torch.equal(one.ids, two.ids) for one, two in zip(first, again, strict=True))
    assert any(not torch.equal(one.ids, two.ids) for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_context_is_seen_and_not_read(encoder, share):
    source = Source(LabelledTexts(TEXTS, EMOTIONS, POLARITY, BEFORE), 1.0, 1.0)
    found = batches(encoder, source, context_share=share)
    in_context = sum(int((one.mask & ~one.read).any(dim=1).sum()) for one in found)
    assert in_context == (COUNT - 1 if share else 0)
    assert all(one.read[:, 0].all() for one in found)
    assert all((one.read <= one.mask).all() for one in found)


def test_each_text_has_its_own_labels_and_its_corpus_balance(encoder):
    source = Source(LabelledTexts(TEXTS, EMOTIONS, POLARITY), 1.0, 1.0)
    found = batches(encoder, source)
    assert torch.cat([one.emotions for one in found]).sum(dim=0).tolist() == [35, 35, 0, 0, 0, 0, 0]
    prior = found[0].emotion_log_prior[0].exp()
    assert prior[:2].tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
    assert prior[2:].max() < 1e-5
