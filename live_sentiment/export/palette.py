"""Colours of exported pictures on dark and light ground; emotions and modalities have the terminal's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#rrggbb"; text has a contrast of at least 4.5:1 against the ground (WCAG 2)."""

    ground: str
    text: str
    quiet: str
    """Labels, and what is not the matter."""
    faint: str
    """What is absent: still legible as graphics (3:1)."""
    rule: str
    """Frames, grids and the tracks of bars."""
    valence: str
    arousal: str


DARK = Palette("#12161b", "#e8ebee", "#98a2ad", "#6b7480", "#2c343d", "#6fcf7c", "#f09a5b")
LIGHT = Palette("#ffffff", "#1b2026", "#56606b", "#87909a", "#d9dee3", "#2a7f39", "#b4500f")
