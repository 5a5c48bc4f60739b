from __future__ import annotations

import errno
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.microphone.errors import Trouble, microphone_error, opening_error
from live_sentiment.sources.microphone.listing import (
    MicrophoneInfo,
    choose_microphone,
    list_microphones,
    same_microphone,
)
from tests.helpers.scripted_sound import Script, ScriptedCard
from tests.helpers.virtual_clock import VirtualClock

LAPTOP = MicrophoneInfo(0, "Microphone Array (Realtek)", "MME", 2, 44_100)
HEADSET_OLD = MicrophoneInfo(1, "Headset (Jabra Evolve)", "MME", 1, 44_100)
HEADSET = MicrophoneInfo(4, "Headset (Jabra Evolve)", "Windows WASAPI", 1, 16_000, is_default=True)
LAPTOP_NEW = MicrophoneInfo(5, "Microphone Array (Realtek)", "Windows WASAPI", 2, 48_000)
CAMERA = MicrophoneInfo(7, "Microphone (HD Webcam)", "Windows WASAPI", 2, 48_000)
ALL = (LAPTOP, HEADSET_OLD, HEADSET, LAPTOP_NEW, CAMERA)


def card(*infos: MicrophoneInfo) -> ScriptedCard:
    return ScriptedCard(VirtualClock(), Script(), *infos)


@pytest.mark.parametrize(
    ("choice", "meant"),
    [
        (None, HEADSET),
        ("", HEADSET),
        ("7", CAMERA),
        (" 1 ", HEADSET_OLD),
        ("Microphone (HD Webcam)", CAMERA),
        ("microphone array (realtek)", LAPTOP_NEW),
        ("Microphone Array (Realtek), MME", LAPTOP),
        ("jabra", HEADSET),
        ("webcam", CAMERA),
        ("evolve), mme", HEADSET_OLD),
    ],
)
def test_a_microphone_is_meant_by_its_number_its_name_or_a_part_of_it(
    choice: str | None, meant: MicrophoneInfo
) -> None:
    assert choose_microphone(choice, card(*ALL)) == meant


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("Headst (Jabra Evolv)", "near to it are 1 (Headset (Jabra Evolve), MME)"),
        ("zzz", r"there are 0 \(Microphone Array \(Realtek\), MME\), 1 "),
        ("3", r"no microphone 3; there are 0 "),
        ("microphone", r"may mean 0 .*5 .*7 \(Microphone \(HD Webcam\), Windows WASAPI\); give more"),
    ],
)
def test_an_unknown_name_lists_the_near_ones(choice: str, told: str) -> None:
    pattern = told if "\\" in told or ".*" in told else told.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(UsageError, match=pattern):
        choose_microphone(choice, card(*ALL))


def test_without_a_default_the_first_is_taken() -> None:
    assert choose_microphone(None, card(LAPTOP, CAMERA)) == LAPTOP


def test_a_microphone_is_known_again_by_its_name_and_host_api_alone() -> None:
    moved = MicrophoneInfo(2, HEADSET.name, HEADSET.host_api, 1, 16_000)
    assert same_microphone(HEADSET, card(LAPTOP, HEADSET_OLD, moved)) == moved
    assert same_microphone(HEADSET, card(LAPTOP, HEADSET_OLD)) is None


def test_a_sound_server_that_offers_any_number_of_channels_is_asked_for_two() -> None:
    assert [
        MicrophoneInfo(0, "", "", channels, 48_000).recorded_channels for channels in (1, 2, 6, 8, 32, 128)
    ] == [1, 2, 6, 8, 2, 2]


def test_no_microphone_at_all_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = card(LAPTOP)
    monkeypatch.setattr(empty, "microphones", list)
    with pytest.raises(UsageError, match=r"no microphone was found: plug one in.*--no-microphone"):
        choose_microphone(None, empty)


@pytest.mark.parametrize("system", ["linux", "darwin", "win32", "freebsd14"])
@pytest.mark.parametrize("trouble", ["no library", "none", "gone", "refused", "busy", "failed", "silent"])
def test_each_trouble_says_what_to_do_on_each_system(system: str, trouble: Trouble) -> None:
    message = str(microphone_error(trouble, "Desk", "odd", system))
    others = [str(microphone_error(trouble, "Desk", "odd", other)) for other in ("linux", "darwin", "win32")]
    assert message.endswith("; or go on without one: --no-microphone")
    assert len(set(others)) == 3
    assert message in others


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Error opening", -9985), "in use by another program"),
        (("Error opening", -9999, (0, -errno.EBUSY, "Device or resource busy")), "in use by another program"),
        (("Error opening", -9999, (13, -2004287478, "")), "in use by another program"),
        (("Error opening", -9996), "not there any more"),
        (("Error opening", -9999, (0, -errno.ENODEV, "No such device")), "not there any more"),
        (("Error opening", -9999, (0, -errno.EACCES, "Permission denied")), "may not be used"),
        (("Error opening", -9999, (13, -2147024891, "")), "may not be used"),
        (("Error opening", -9997), r"cannot be opened \(Error opening\)"),
        (("Error opening", -9999, (0, -errno.EIO, "I/O error")), r"cannot be opened \(I/O error\)"),
        ((), "cannot be opened"),
    ],
)
def test_what_the_library_says_is_told_in_a_persons_words(arguments: tuple[Any, ...], told: str) -> None:
    with pytest.raises(UsageError, match=f"microphone Desk.*{told}"):
        raise opening_error(RuntimeError(*arguments), "Desk")


def test_without_the_library_the_user_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(UsageError, match=r"PortAudio library.*not installed.*install"):
        list_microphones()


def test_a_library_that_finds_no_sound_system_counts_as_no_microphone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise RuntimeError("Error initializing PortAudio")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(UsageError, match="no microphone was found"):
        list_microphones()


def test_only_what_can_record_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def device(name: str, inputs: int, host: int) -> dict[str, Any]:
        return {"name": name, "max_input_channels": inputs, "hostapi": host, "default_samplerate": 44_100.0}

    library = SimpleNamespace(
        query_hostapis=lambda: (
            {"name": "MME", "default_input_device": -1},
            {"name": "Windows WASAPI", "default_input_device": 2},
        ),
        query_devices=lambda: [
            device("Desk ", 2, 0),
            device("Loudspeaker", 0, 0),
            device("Desk", 1, 1),
        ],
    )
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    assert list_microphones() == [
        MicrophoneInfo(0, "Desk", "MME", 2, 44_100),
        MicrophoneInfo(2, "Desk", "Windows WASAPI", 1, 44_100, is_default=True),
    ]
