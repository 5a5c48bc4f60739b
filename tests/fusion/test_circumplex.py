import torch

from live_sentiment.core.types import EMOTIONS
from live_sentiment.fusion.circumplex import COORDINATES, valence_arousal


def test_a_certain_emotion_lies_at_its_published_point_without_spread() -> None:
    mean, deviation = valence_arousal(torch.eye(7))
    for row, name in enumerate(EMOTIONS):
        torch.testing.assert_close(mean[row], torch.tensor(COORDINATES[name]))
    torch.testing.assert_close(deviation, torch.zeros(7, 2))


def test_joy_is_pleasant_sadness_calm_and_anger_unpleasant_and_excited() -> None:
    mean, _ = valence_arousal(torch.eye(7))
    at = dict(zip(EMOTIONS, mean.tolist(), strict=True))
    assert at["joy"][0] > 0 > at["sadness"][0]
    assert at["sadness"][1] < 0 < at["anger"][1]
    assert at["neutral"] == [0, 0]


def test_doubt_between_two_emotions_shows_as_spread() -> None:
    emotions = torch.zeros(1, 7, dtype=torch.float64)
    emotions[0, [EMOTIONS.index("joy"), EMOTIONS.index("sadness")]] = 0.5
    mean, deviation = valence_arousal(emotions)
    torch.testing.assert_close(mean[0, 0].item(), (0.76 - 0.63) / 2)
    torch.testing.assert_close(deviation[0, 0].item(), (0.76 + 0.63) / 2)


def test_any_probabilities_stay_within_the_square() -> None:
    emotions = torch.distributions.Dirichlet(torch.full((7,), 0.1)).sample((500,))
    mean, deviation = valence_arousal(emotions)
    assert mean.abs().max() <= 1
    assert deviation.isfinite().all()
    assert deviation.max() <= 1
