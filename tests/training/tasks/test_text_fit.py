import numpy as np
import pytest
import torch

from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.data.text_embeddings import EmbeddedTexts
from live_sentiment.training.tasks.text_fit import (
    FitSettings,
    class_prior,
    fit_evidence_temperature,
    fit_head,
)

SETTINGS = [
    FitSettings(0, dropout=0.0, epochs=30, batch=64),
    FitSettings(16, dropout=0.1, epochs=20, batch=64),
]


def corpus(balance, seed, texts=600, width=9, noise=1.0):
    """Classes at corners, polarity following emotion; `balance` is the share of each emotion."""
    draw = np.random.default_rng(seed)
    emotion = draw.choice(len(EMOTIONS), texts, p=balance)
    centre = np.zeros((texts, width), np.float32)
    centre[np.arange(texts), emotion] = 3.0
    embeddings = centre[:, None] * 2 + 5 + noise * draw.normal(size=(texts, 2, width))
    polarity = np.array([1, 2, 0, 0, 0, 0, 2])[emotion]
    return EmbeddedTexts(
        embeddings.astype(np.float32),
        np.eye(len(EMOTIONS), dtype=np.float32)[emotion],
        np.eye(len(POLARITIES), dtype=np.float32)[polarity],
    )


EVEN = np.full(7, 1 / 7)
SKEWED = np.array([0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05])


@pytest.mark.parametrize("settings", SETTINGS)
def test_it_learns_both_kinds_of_label_from_embeddings_as_they_come(settings):
    head = fit_head([(corpus(EVEN, 0), 1.0)], settings, seed=0)
    unseen = corpus(EVEN, 1)
    emotions, polarity = head(torch.from_numpy(unseen.embeddings[:, 0]))
    assert (emotions.numpy().argmax(axis=1) == unseen.emotions.argmax(axis=1)).mean() > 0.9
    assert (polarity.numpy().argmax(axis=1) == unseen.polarity.argmax(axis=1)).mean() > 0.9


def test_the_balance_of_a_corpus_stays_out_of_the_evidence():
    # Embeddings that say nothing: what is left is the balance, which must not be learnt.
    silent = corpus(SKEWED, 0, texts=2000)
    silent = EmbeddedTexts(np.zeros_like(silent.embeddings) + np.float32(1), silent.emotions, silent.polarity)
    noisy = silent.embeddings + np.random.default_rng(0).normal(size=silent.embeddings.shape).astype(
        np.float32
    )
    silent = EmbeddedTexts(noisy, silent.emotions, silent.polarity)
    head = fit_head([(silent, 1.0)], SETTINGS[0], seed=0)
    evidence = head(torch.ones(1, 9))[0]
    assert torch.softmax(evidence, dim=1).numpy() == pytest.approx(EVEN[None], abs=0.05)


def test_a_corpus_without_a_kind_of_label_or_without_a_class_adds_what_it_has():
    emotions_only = corpus(EVEN, 0)
    emotions_only = EmbeddedTexts(emotions_only.embeddings, emotions_only.emotions, None)
    two_classes = corpus(np.array([0, 0.5, 0, 0.5, 0, 0, 0]), 1)
    two_classes = EmbeddedTexts(two_classes.embeddings, None, two_classes.polarity)
    head = fit_head([(emotions_only, 1.0), (two_classes, 0.5)], SETTINGS[0], seed=0)
    emotions, polarity = head(torch.from_numpy(emotions_only.embeddings[:, 0]))
    assert (emotions.numpy().argmax(axis=1) == emotions_only.emotions.argmax(axis=1)).mean() > 0.9
    joyful = emotions_only.emotions[:, EMOTIONS.index("joy")] == 1
    log_prior = torch.tensor(class_prior(two_classes.polarity)).log()
    assert set((polarity[joyful] + log_prior).argmax(dim=1).tolist()) == {POLARITIES.index("positive")}


def test_one_seed_gives_one_head():
    first, again, other = (
        fit_head([(corpus(EVEN, 0), 1.0)], SETTINGS[1], seed).state_dict() for seed in (3, 3, 4)
    )
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["emotions.weight"], other["emotions.weight"])


def test_a_prior_is_the_mean_and_never_nothing():
    prior = class_prior(np.array([[1, 0, 0], [0.5, 0.5, 0]], np.float32))
    assert prior == pytest.approx([0.75, 0.25, 0.0], abs=1e-5)
    assert prior[2] > 0


def test_the_temperature_undoes_an_exaggeration_and_leaves_the_prior():
    draw = np.random.default_rng(0)
    prior = np.array([0.6, 0.3, 0.1], np.float32)
    evidence = draw.normal(size=(20_000, 3)).astype(np.float32)
    logits = evidence + np.log(prior)
    labels = (logits + draw.gumbel(size=logits.shape)).argmax(axis=1)
    assert fit_evidence_temperature(evidence * 2.5, np.eye(3)[labels], prior) == pytest.approx(2.5, rel=0.05)
