"""Settings: defaults, profile, file and overrides, and errors that name the nearest key."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import pytest

from live_sentiment.core.config import known_keys, load_config
from live_sentiment.core.errors import UsageError
from live_sentiment.core.profiles import PROFILES


def test_what_comes_later_wins(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[perception.face]\nrate_hz = 5.0\n[window]\nlength_s = 3.0\n")
    config = load_config(file=file, profile="accurate", overrides=["window.length_s=2", "window.hop_s=0.5"])
    assert config.perception.speech.model == PROFILES["accurate"]["perception.speech.model"]
    assert config.perception.face.rate_hz == 5.0
    assert (config.window.length_s, config.window.hop_s) == (2.0, 0.5)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_sets_what_it_names(profile: str) -> None:
    config = load_config(profile=profile)
    assert {key: attrgetter(key)(config) for key in PROFILES[profile]} == PROFILES[profile]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("window.hop=1", "did you mean 'window.hop_s'?"),
        ("perception.speach.model=x", "did you mean 'perception.speech'?"),
        ("perception.speech.modle=x", "did you mean 'perception.speech.model'?"),
        ("zzz=1", "the parts are"),
        ("window.hop_s=-1", "greater than or equal to 0.02"),
        ("window.hop_s.deep=1", "window.hop_s"),
        ("window=1", "'window'"),
        ("perception.speech.encoding=guess", "'spliced' or 'padded'"),
        ("=1", "part.key=value"),
        ("perception.face.rate_hz=inf", "perception.face.rate_hz"),
        ("perception.face.rate_hz=1e12", "less than or equal to 240"),
        ("window.hop_s=nan", "window.hop_s"),
        ("fusion.weights=" + "x" * 300, "'fusion.weights'"),
        ("perception.text.encoder=", "a name or path that a file can have"),
        ("models.cache=a\0b", "'models.cache'"),
        ("window.hop_s=1e-9", "greater than or equal to 0.02"),
        ("overload.step_down_s=inf", "overload.step_down_s"),
        ("compute.torch_threads=1e9", "compute.torch_threads"),
        ("perception.voice.context_s=1e6", "less than or equal to 30"),
        ("perception.voice.enough_speech_s=9", "must not exceed context_s"),
    ],
)
def test_mistakes_are_explained(override: str, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_config(overrides=[override])
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["[window", "\xff"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"broken\.toml is not valid TOML"):
        load_config(file=file)


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="light, balanced, accurate"):
        load_config(profile="fast")


def test_known_keys_can_all_be_set_to_their_defaults() -> None:
    config = load_config()
    for key in known_keys():
        value = config
        for name in key.split("."):
            value = getattr(value, name)
        if value is not None:
            assert load_config(overrides=[f"{key}={value}"]) == config


@pytest.mark.parametrize("key", known_keys())
@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e300"])
def test_no_number_without_a_bound_is_taken(key: str, value: str) -> None:
    default = load_config()
    for name in key.split("."):
        default = getattr(default, name)
    if isinstance(default, int | float) and not isinstance(default, bool):
        with pytest.raises(UsageError, match=key.replace(".", r"\.")):
            load_config(overrides=[f"{key}={value}"])
