import numpy as np
import torch

from live_sentiment.core.types import EMOTIONS
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.fusion.polarity import emotions_from, polarity_from

PRIOR = torch.tensor(EMOTION_PRIOR)


def test_polarity_sums_what_each_emotion_says_of_it() -> None:
    emotions = torch.tensor([[0.1, 0.3, 0.2, 0.1, 0.05, 0.1, 0.15]])
    expected = [[0.2 + 0.1 + 0.05 + 0.1 + 0.05, 0.1 + 0.05, 0.3 + 0.05]]
    np.testing.assert_allclose(polarity_from(emotions.log()).exp(), expected, rtol=1e-5)


def test_the_way_back_is_bayes_rule() -> None:
    np.testing.assert_allclose(
        emotions_from(torch.tensor([POLARITY_PRIOR]).log(), PRIOR.log()).exp()[0], EMOTION_PRIOR, rtol=1e-4
    )
    positive = emotions_from(torch.tensor([[-50.0, -50.0, 50.0]]), PRIOR.log()).exp()[0]
    joy, surprise = EMOTIONS.index("joy"), EMOTIONS.index("surprise")
    np.testing.assert_allclose(positive[joy], 0.20 / (0.20 + 0.04), rtol=1e-4)
    np.testing.assert_allclose(positive[surprise], 0.04 / (0.20 + 0.04), rtol=1e-4)
    np.testing.assert_allclose(positive.sum(), 1.0, rtol=1e-5)
