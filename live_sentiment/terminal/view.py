"""What a person has chosen to see, beside what is always shown."""

from __future__ import annotations


class View:
    """Choices that a key makes; read by the dashboard's thread."""

    def __init__(self, *, picture: bool = False) -> None:
        self.picture = picture
        """Whether the camera's picture is shown."""

    def toggle_picture(self) -> None:
        """Show the picture, or show it no more."""
        self.picture = not self.picture
