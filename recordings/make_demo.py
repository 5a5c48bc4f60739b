"""Makes demo.mp4: a portrait that speaks three sentences, plainly, gladly and sadly.

    python recordings/make_demo.py

The voice is espeak-ng's, the face a public-domain NASA portrait that comes with scikit-image, and the words
are nobody's. The lips follow the loudness; mouth, cheeks and brows follow the feeling of the sentence. The
same libraries give the same bytes.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import gaussian_filter1d
from skimage.data import astronaut

FPS = 25
LEFT, TOP, SIDE = 108, 14, 224
"""The square of the portrait that is shown, in its own pixels."""
SCALE = 2
PAUSE_S = 0.4

Image = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One sentence and how it is said."""

    text: str
    smile: float
    """1 is the portrait's own smile, 0 a mouth at rest, negative the corners down."""
    pitch: int
    words_per_minute: int


LINES = (
    Line("The meeting is on Monday, and the report is on the table.", -0.9, 45, 160),
    Line("I have wonderful news! We won the prize, and I am so happy!", 1.0, 65, 170),
    Line("But my old friend is in the hospital, and I am so sad and worried.", -2.0, 30, 145),
)

# One row for each landmark of the portrait: x, y, then how far it moves (x, y) from the smile to rest, from
# rest to sadness, as the mouth opens, and as the eyes close; all in pixels of the portrait.
_LANDMARKS = np.array([
    # mouth corners
    (204.3, 140.7, 3.4, 4.4, 0.4, 3.8, 1.0, 0.6, 0, 0),
    (243.6, 141.8, -3.4, 4.4, -0.4, 3.8, -1.0, 0.6, 0, 0),
    # chin and jaw
    (220.8, 163.5, 0, 0, 0, -0.8, 0, 5.2, 0, 0),
    (220.8, 177.5, 0, 0, 0, 0, 0, 4.4, 0, 0),
    (204.0, 171.5, 0, 0, 0, 0, 0, 3.0, 0, 0),
    (239.5, 172.5, 0, 0, 0, 0, 0, 3.0, 0, 0),
    (187.5, 158.0, 0, 0, 0, 0, 0, 0.8, 0, 0),
    (257.0, 160.0, 0, 0, 0, 0, 0, 0.8, 0, 0),
    # cheeks and the nose, which stays
    (197.0, 132.0, 0.4, 1.6, 0, 0.6, 0, 0.3, 0, 0),
    (251.0, 133.0, -0.4, 1.6, 0, 0.6, 0, 0.3, 0, 0),
    (214.0, 130.5, 0, 0.4, 0, 0, 0, 0, 0, 0),
    (223.3, 133.0, 0, 0.4, 0, 0, 0, 0, 0, 0),
    (235.0, 130.5, 0, 0.4, 0, 0, 0, 0, 0, 0),
    # eyes: crease, upper lid (three), lower lid (three), corners
    (203.0, 94.6, 0, 0, 0, 0.2, 0, 0, 0, 0.6),
    (198.6, 98.4, 0, -0.1, 0, 0.5, 0, 0, 0, 4.0),
    (203.5, 97.0, 0, -0.2, 0, 0.5, 0, 0, 0, 6.2),
    (208.4, 98.9, 0, -0.1, 0, 0.5, 0, 0, 0, 4.2),
    (198.6, 103.2, 0, 0.4, 0, 0, 0, 0, 0, 0),
    (203.5, 104.4, 0, 0.5, 0, 0, 0, 0, 0, -0.2),
    (208.4, 104.2, 0, 0.4, 0, 0, 0, 0, 0, 0),
    (193.0, 101.5, 0, 0, 0, 0, 0, 0, 0, 0),
    (212.5, 104.0, 0, 0, 0, 0, 0, 0, 0, 0),
    (246.8, 97.0, 0, 0, 0, 0.2, 0, 0, 0, 0.6),
    (241.2, 101.3, 0, -0.1, 0, 0.5, 0, 0, 0, 4.2),
    (246.3, 99.3, 0, -0.2, 0, 0.5, 0, 0, 0, 6.2),
    (251.4, 100.6, 0, -0.1, 0, 0.5, 0, 0, 0, 4.0),
    (241.2, 106.4, 0, 0.4, 0, 0, 0, 0, 0, 0),
    (246.3, 106.8, 0, 0.5, 0, 0, 0, 0, 0, -0.2),
    (251.4, 105.6, 0, 0.4, 0, 0, 0, 0, 0, 0),
    (237.0, 105.0, 0, 0, 0, 0, 0, 0, 0, 0),
    (258.5, 104.0, 0, 0, 0, 0, 0, 0, 0, 0),
    # brows: inner, middle, outer end
    (212.5, 91.0, 0, 0.5, 0.6, -3.0, 0, 0, 0, 0.4),
    (200.0, 89.0, 0, 0.8, 0, -0.8, 0, 0, 0, 0.4),
    (190.5, 91.5, 0, 0.5, 0, 1.2, 0, 0, 0, 0),
    (238.5, 93.5, 0, 0.5, -0.6, -3.0, 0, 0, 0, 0.4),
    (250.0, 92.0, 0, 0.8, 0, -0.8, 0, 0, 0, 0.4),
    (263.0, 95.5, 0, 0.5, 0, 1.2, 0, 0, 0, 0),
])  # fmt: skip
_CORNERS = slice(0, 2)

# Between the corners: how far the outline and the edge of the upper lip, the lower end of the teeth, and the
# edge and the outline of the lower lip sag below the line from corner to corner; then how that changes with
# the same movements, but the last.
_SAGS = np.array([
    (-0.9, -2.4, -3.4, -0.5),
    (2.5, -1.7, -3.6, -0.2),
    (7.7, -6.0, -3.6, 1.8),
    (9.0, -6.4, -3.6, 5.6),
    (14.0, -5.6, -3.6, 5.4),
])  # fmt: skip
_ALONG = np.array([0.12, 0.25, 0.38, 0.5, 0.62, 0.75, 0.88])
_ARCH = 1 - np.abs(2 * _ALONG - 1) ** 3
_GULLET = (38, 28, 62)


@dataclass(frozen=True)
class Pose:
    """How the face looks in one frame."""

    smile: float
    openness: float
    blink: float
    sway: Points
    """Shift (x, y) of the head in pixels of the portrait."""
    tilt: float
    """Radians."""


class Face:
    """The portrait, ready to be moved."""

    def __init__(self) -> None:
        crop = astronaut()[TOP : TOP + SIDE, LEFT : LEFT + SIDE, ::-1]
        size = (SIDE * SCALE, SIDE * SCALE)
        self._smiling = cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_LANCZOS4)
        self._at_rest = self._without_teeth()
        edge = np.linspace(0, SIDE, 7)
        self._frame = np.array([(x, y) for x in edge for y in edge if {x, y} & {0, SIDE}])
        steps = np.arange(0, SIDE * SCALE, 4) / SCALE
        self._grid = np.stack(np.meshgrid(steps, steps), axis=-1)
        away = (self._grid - (114, 96)) / (62, 86)
        self._head = np.clip(2.2 - 1.2 * np.hypot(*np.moveaxis(away, -1, 0)), 0, 1)[..., None]

    def picture(self, pose: Pose) -> Image:
        """The face in this pose."""
        source, shown = self._landmarks(pose)
        field = RBFInterpolator(
            np.concatenate([shown, self._frame]), np.concatenate([source - shown, np.zeros_like(self._frame)])
        )
        turned = self._turn(self._grid, pose, back=True)
        places = turned + field(turned.reshape(-1, 2)).reshape(turned.shape)
        size = (SIDE * SCALE, SIDE * SCALE)
        maps = cv2.resize((places * SCALE).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
        teeth = float(np.clip(max(pose.smile, pose.openness) * 1.3, 0, 1))
        face = cv2.addWeighted(self._smiling, teeth, self._at_rest, 1 - teeth, 0)
        image = cv2.remap(face, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return self._open_mouth(image, shown, pose)

    def _landmarks(self, pose: Pose) -> tuple[Points, Points]:
        source = _LANDMARKS[:, :2] - (LEFT, TOP)
        rest, sad, opened, closed = (_LANDMARKS[:, 2 + 2 * i : 4 + 2 * i] for i in range(4))
        resting, sadness = 1 - max(pose.smile, 0), max(-pose.smile, 0)
        shown = source + resting * rest + sadness * sad + pose.openness * opened + pose.blink * closed
        sags = _SAGS @ (1, resting, sadness, pose.openness)
        return (
            np.concatenate([source, *_edges(source[_CORNERS], _SAGS[:, 0])]),
            np.concatenate([shown, *_edges(shown[_CORNERS], sags)]),
        )

    def _turn(self, points: Points, pose: Pose, back: bool = False) -> Points:
        """Sway and tilt about the neck; points far from the head stay."""
        neck = np.array([112.0, 178.0])
        angle = -pose.tilt if back else pose.tilt
        rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        moved = (points - neck) @ rotation + neck + (-pose.sway if back else pose.sway)
        weight = self._head if back else 1.0
        turned: Points = points + weight * (moved - points)
        return turned

    def _open_mouth(self, image: Image, shown: Points, pose: Pose) -> Image:
        gap = np.clip(pose.openness * 6.0 - 0.6, 0, 1)
        if gap <= 0:
            return image
        _, _, teeth, lower, _ = np.split(self._turn(shown[len(_LANDMARKS) :], pose), len(_SAGS))
        mask = _filled(_smooth(np.concatenate([teeth, lower[::-1]])), image)
        soft = cv2.GaussianBlur(mask, (0, 0), 1.1)[..., None] / 255.0 * gap
        mixed: Image = np.round(image * (1 - soft) + np.array(_GULLET) * soft).astype(np.uint8)
        return mixed

    def _without_teeth(self) -> Image:
        _, upper, teeth, *_ = _edges(_LANDMARKS[_CORNERS, :2] - (LEFT, TOP), _SAGS[:, 0])
        mask = cv2.dilate(
            _filled(np.concatenate([upper, teeth[::-1]]), self._smiling), np.ones((3, 3), np.uint8)
        )
        filled = cv2.inpaint(self._smiling, mask, 5, cv2.INPAINT_TELEA)
        shade = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None] / 255.0
        lips: Image = np.round(filled * (1 - 0.3 * shade)).astype(np.uint8)
        return lips


def _edges(corners: Points, sags: Points) -> list[Points]:
    """The lines of the mouth, from one corner to the other, top down."""
    left, right = corners
    line = left + _ALONG[:, None] * (right - left)
    return [line + np.outer(_ARCH * sag, (0, 1)) for sag in sags]


def _filled(outline: Points, like: Image) -> Image:
    mask = np.zeros(like.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * SCALE * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask


def _smooth(outline: Points) -> Points:
    """A closed curve through the corners of a polygon, cut twice (Chaikin)."""
    for _ in range(2):
        after = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after], 1).reshape(-1, 2)
    return outline


def say(line: Line) -> tuple[NDArray[np.int16], int]:
    """The sentence as sound, with its sampling rate."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        options = ["-v", "en-us+f2", "-p", str(line.pitch), "-s", str(line.words_per_minute), "-w", str(path)]
        subprocess.run(["espeak-ng", *options, line.text], check=True)
        with wave.open(str(path)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()


def score() -> tuple[NDArray[np.int16], int, list[Pose]]:
    """All the sound, its rate, and the pose of every frame."""
    spoken = [say(line) for line in LINES]
    rate_hz = spoken[0][1]
    per_frame = rate_hz // FPS
    sound, smiles = [], []
    for line, (samples, _) in zip(LINES, spoken, strict=True):
        padded = np.concatenate([np.zeros(round(PAUSE_S * rate_hz), np.int16), samples])
        padded = np.pad(padded, (0, -len(padded) % per_frame))
        sound.append(padded)
        smiles += [line.smile] * (len(padded) // per_frame)
    tail = np.zeros(round(0.8 * FPS) * per_frame, np.int16)
    sound.append(tail)
    smiles += [LINES[-1].smile] * (len(tail) // per_frame)
    whole = np.concatenate(sound)
    loudness = np.sqrt((whole.reshape(-1, per_frame).astype(np.float64) ** 2).mean(axis=1))
    opened = gaussian_filter1d(np.clip(loudness / np.quantile(loudness, 0.93), 0, 1) ** 0.8, 0.7)
    smile = gaussian_filter1d(np.array(smiles), 4.0)
    times = np.arange(len(smile)) / FPS
    # Lids that meet would fold the picture where they do.
    blink = 0.75 * sum(np.exp(-(((times - at) / 0.055) ** 2)) for at in (1.3, 3.9, 6.6, 8.1, 10.9, 13.2))
    sway = np.stack(
        [1.6 * np.sin(0.9 * times) + 0.6 * np.sin(2.3 * times), 0.9 * np.sin(1.4 * times + 1) + opened]
    )
    tilt = 0.022 * np.sin(0.7 * times + 0.5) + 0.012 * np.sin(1.9 * times)
    poses = [Pose(smile[n], opened[n], float(blink[n]), sway[:, n], tilt[n]) for n in range(len(smile))]
    return whole, rate_hz, poses


def write(path: Path) -> None:
    """Film it."""
    sound, rate_hz, poses = score()
    face = Face()
    with av.open(str(path), "w", options={"fflags": "+bitexact", "movflags": "faststart"}) as container:
        video: Any = container.add_stream("libx264", rate=FPS, options={"crf": "21", "preset": "slow"})
        video.width = video.height = SIDE * SCALE
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        video.codec_context.flags |= av.codec.context.Flags.bitexact
        audio: Any = container.add_stream("aac", rate=rate_hz, layout="mono")
        audio.bit_rate = 64_000
        audio.codec_context.flags |= av.codec.context.Flags.bitexact
        size = audio.codec_context.frame_size or 1024
        packets = []
        for number, pose in enumerate(poses):
            frame = av.VideoFrame.from_ndarray(face.picture(pose), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            packets += video.encode(frame)
        packets += video.encode(None)
        for first in range(0, len(sound), size):
            piece = (sound[None, first : first + size] / 32768.0).astype(np.float32)
            block = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            block.sample_rate, block.pts, block.time_base = rate_hz, first, Fraction(1, rate_hz)
            packets += audio.encode(block)
        packets += audio.encode(None)
        container.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))


if __name__ == "__main__":
    write(Path(__file__).with_name("demo.mp4"))
