"""What a session does while a stage hangs: the others go on, and results wait no longer for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live_sentiment.core.types import Absence, Event, Modality
from live_sentiment.runtime.analysis import Analysis
from live_sentiment.runtime.pace import Pace
from live_sentiment.streams.channel import Channel

HUNG, RETURNED = "stage-hung", "stage-returned"
"""Kinds of the events."""

_WITH: Mapping[Modality, tuple[Modality, ...]] = {
    "vision": ("vision",),
    # The words rest on where the voice stage has heard somebody.
    "voice": ("voice", "text"),
    "text": ("text",),
}


class Hanging:
    """Keeps what hangs; everything is called on the thread of the analysis.

    Args:
        analysis: is told what is missing.
        pace: knows how far each stream has got, and gives up a live one that is behind.
        inputs: what waits for the stage of each modality.
        returns: whether a stage is waited for, as long as anything is captured; else it is given up at once.
    """

    def __init__(
        self, analysis: Analysis, pace: Pace, inputs: Mapping[Modality, Channel[Any]], *, returns: bool
    ) -> None:
        self._analysis, self._pace, self._inputs, self._returns = analysis, pace, inputs, returns
        self.reasons: dict[Modality, str] = {}
        """Why a modality is absent that hangs now, or has hung to its end."""
        self.over: set[Modality] = set()
        """Modalities of which nothing is taken any more: their stage has not come back in time."""

    def begin(self, modality: Modality) -> None:
        """The stage of a modality hangs."""
        positions_s = self._pace.positions_s
        missing = [one for one in _WITH[modality] if one in positions_s]
        if modality not in missing:
            return
        at_s, reason = positions_s[modality], f"{modality} hangs"
        names = " and ".join(missing)
        until = "until it returns" if self._returns else "from there on"
        self._analysis.event(Event(at_s, HUNG, f"{reason} at {at_s:.2f} s: {names} absent {until}"))
        for one in missing:
            self.reasons[one] = reason
            self._analysis.absent(Absence(one, positions_s[one], reason))
        self.pass_time()

    def end(self, modality: Modality) -> None:
        """Its call has returned after all."""
        positions_s = self._pace.positions_s
        reason = f"{modality} hangs"
        back = [one for one, why in self.reasons.items() if why == reason and one in positions_s]
        for one in back:
            del self.reasons[one]
            self._analysis.back(one, reason, positions_s[one])
        if modality in back:
            at_s = positions_s[modality]
            self._analysis.event(Event(at_s, RETURNED, f"{modality} is back at {at_s:.2f} s"))

    def pass_time(self) -> None:
        """Close the streams whose stage will not be waited for any longer."""
        for modality, channel in self._inputs.items():
            hangs = self.reasons.get(modality) == f"{modality} hangs"
            if hangs and modality not in self.over and (channel.closed or not self._returns):
                self.over.add(modality)
                channel.cancel()
                end_s = self._pace.positions_s[modality]
                self._pace.end(modality)
                self._analysis.end(modality, end_s, self.reasons[modality])
                if modality == "voice":
                    # What the transcriber has, it still reads.
                    self._inputs["text"].close()
