"""Draws a moment of the timeline on a picture of the video: boxes on it, everything else in a strip below.

All sizes are made from one unit, which follows the height of the picture (its width, where it is upright), so
that the strip looks alike from 360p to 4K. Small pictures are enlarged until text is legible.
The strip changes with the points, some four times a second, and is drawn only then.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from live_sentiment.core.types import ImageArray
from live_sentiment.export.moments import Face, Moment
from live_sentiment.export.palette import DARK
from live_sentiment.export.pen import BOLD, Pen, bgr
from live_sentiment.export.strip import STRIP_UNITS, draw_strip
from live_sentiment.recording.tracks import letterboxed
from live_sentiment.sinks.lines import Fields
from live_sentiment.terminal.theme import EMOTION_COLOURS

LEAST_PX = 360
"""Pictures whose shorter side is less are enlarged by a whole factor."""
UNITS_PER_HEIGHT = 26
WIDTH_PER_HEIGHT = 0.75
"""A picture narrower than this counts as one of that shape."""
CAPTION_UNITS = 1.9
"""Height of the band for words between the picture and the strip."""


class Overlay:
    """Makes annotated pictures of one size.

    Args:
        width_px: of the upright pictures to come, in which the timeline's boxes are.
        height_px: likewise.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._source = (width_px, height_px)
        self._scale = max(math.ceil(LEAST_PX / min(width_px, height_px)), 1)
        self._width, self._height = width_px * self._scale, height_px * self._scale
        self._unit = min(self._height, self._width * WIDTH_PER_HEIGHT) / UNITS_PER_HEIGHT
        self._caption_px = round(CAPTION_UNITS * self._unit)
        below = self._caption_px + round(STRIP_UNITS * self._unit)
        even_width, total = self._width + self._width % 2, self._height + below
        canvas: ImageArray = np.empty((total + total % 2, even_width, 3), np.uint8)
        canvas[:] = bgr(DARK.ground)
        self._canvas = canvas
        self._pen = Pen(canvas)
        self._picture = canvas[: self._height, : self._width]
        # What this one draws ends where the picture does.
        self._on_picture = Pen(self._picture)
        self._strip_of: Fields | None = None
        self._caption_of: tuple[int, object] = (0, None)
        self._draw_strip(Moment(0.0, None, (), (), ()))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the annotated pictures in pixels; both even."""
        return self._canvas.shape[1], self._canvas.shape[0]

    def draw(self, image: ImageArray, moment: Moment) -> ImageArray:
        """The annotated picture, shape (height, width, 3), uint8, BGR; valid until the next call.

        Args:
            image: upright picture, shape (height, width, 3), uint8, BGR; of another size, it is letterboxed.
            moment: what to say of it.
        """
        if (image.shape[1], image.shape[0]) != self._source:
            image = letterboxed(image, *self._source)
        if self._scale == 1:
            self._picture[:] = image
        else:
            size = (self._width, self._height)
            self._picture[:] = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
        for face in moment.faces:
            self._draw_face(face)
        self._draw_caption(moment)
        if moment.point is not self._strip_of:
            self._draw_strip(moment)
        return self._canvas

    def _draw_face(self, face: Face) -> None:
        pen, unit = self._on_picture, self._unit
        left, top, width, height = (side * self._scale for side in face.box)
        colour = EMOTION_COLOURS[face.emotion]
        thick = max(round(unit * (0.16 if face.speaking and not face.held else 0.08)), 1)
        pen.frame(left, top, width, height, colour, thick=thick)
        if face.held:
            return
        label, size = f"{face.emotion} {round(face.probability * 100)} %", unit * 0.85
        label_width, label_height = pen.width(label, size, BOLD) + unit * 0.6, unit * 1.2
        # Above the box, or below it where there is no room: never on the face.
        above = top - label_height - thick / 2
        label_top = above if above >= 0 else min(top + height + thick / 2, self._height - label_height)
        label_left = min(max(left - thick / 2, 0.0), max(self._width - label_width, 0.0))
        pen.fill(label_left, label_top, label_width, label_height, bgr(colour))
        at = (label_left + unit * 0.3, label_top + label_height * 0.74)
        pen.text(label, at, size, DARK.ground, weight=BOLD)

    def _draw_caption(self, moment: Moment) -> None:
        """The words begun by now, the last of them bright while it is said."""
        words = moment.caption
        sounding = bool(words) and moment.time_s <= words[-1]["end"]
        shown = (len(words) if sounding else -len(words), words[0]["start"] if words else None)
        if shown == self._caption_of:
            return
        self._caption_of = shown
        pen, unit = self._pen, self._unit
        pen.fill(0, self._height, self._canvas.shape[1], self._caption_px, bgr(DARK.ground))
        if not words:
            return
        texts = [" ".join(word["text"].split()) for word in words]
        size, room = unit * 1.1, self._width - unit
        line, weight = " ".join(texts), 500
        while pen.width(line, size, weight) > room and size > unit * 0.6:
            size *= 0.9
        line = pen.fitted(line, size, room, weight)
        baseline = self._height + self._caption_px * 0.66
        left = (self._width - pen.width(line, size, weight)) / 2
        before = " ".join(texts[:-1]) + " " if sounding and line.endswith(texts[-1]) else ""
        pen.text(line, (left, baseline), size, DARK.text, weight=weight)
        if sounding and line.endswith(texts[-1]) and moment.point is not None:
            colour = EMOTION_COLOURS[moment.point["emotion"]]
            start = left + pen.width(line[: len(before)], size, weight)
            under = self._height + self._caption_px * 0.8
            pen.fill(start, under, pen.width(texts[-1], size, weight), max(unit * 0.12, 1), bgr(colour))

    def _draw_strip(self, moment: Moment) -> None:
        self._strip_of = moment.point
        top = self._height + self._caption_px
        draw_strip(self._pen, self._unit, (0, top, self._width, self._canvas.shape[0] - top), moment)
