// The last minute on a canvas: valence and arousal as curves, emotions as a ribbon, presence as strips.

export const SPAN_S = 60;
const LABEL_PX = 64;
const RIBBON_PX = 20;
const STRIP_PX = 14;
const AXIS_PX = 18;
const MODALITIES = ["text", "voice", "vision"];
/** Points further apart than this are not joined. */
const GAP_S = 2.5;

/**
 * Draws points in time order.
 * @param {HTMLCanvasElement} canvas
 * @param {Array<object>} points messages of type "point"; provisional ones are drawn pale
 * @param {number} newestS session time at the right edge
 */
export function draw(canvas, points, newestS) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";

  const endS = Math.max(newestS, SPAN_S);
  const x = (timeS) => LABEL_PX + ((timeS - endS + SPAN_S) / SPAN_S) * (width - LABEL_PX - 4);
  const curveHeight = height - RIBBON_PX - MODALITIES.length * STRIP_PX - AXIS_PX - 14;
  const y = (value) => 6 + ((1 - value) / 2) * (curveHeight - 12);

  drawAxes(pen, colour, x, y, endS, width, height);
  const heard = points.map((point) => MODALITIES.some((m) => point.presence[m].present));
  for (const name of ["valence", "arousal"]) {
    drawCurve(pen, points, heard, name, colour(name), x, y);
  }
  let top = curveHeight + 4;
  label(pen, colour, "emotion", top + RIBBON_PX / 2);
  drawStrip(pen, points, x, top, RIBBON_PX - 4, (point, index) => (heard[index] ? colour(point.emotion) : null));
  nameEmotions(pen, points, heard, x, top + (RIBBON_PX - 4) / 2, colour("panel"));
  top += RIBBON_PX;
  for (const modality of MODALITIES) {
    label(pen, colour, modality, top + STRIP_PX / 2);
    const ink = colour(modality);
    drawStrip(pen, points, x, top + 3, STRIP_PX - 6, (point) => (point.presence[modality].present ? ink : null));
    top += STRIP_PX;
  }
}

function drawAxes(pen, colour, x, y, endS, width, height) {
  pen.strokeStyle = colour("rule");
  pen.lineWidth = 1;
  for (const value of [-1, 0, 1]) {
    line(pen, LABEL_PX, y(value), width, y(value));
    label(pen, colour, value > 0 ? "+1" : value < 0 ? "−1" : "0", y(value));
  }
  pen.fillStyle = colour("quiet");
  pen.textAlign = "center";
  for (let timeS = Math.ceil((endS - SPAN_S) / 10) * 10; timeS <= endS; timeS += 10) {
    if (x(timeS) > LABEL_PX + 12 && x(timeS) < width - 16) {
      pen.fillText(clock(timeS), x(timeS), height - AXIS_PX / 2);
    }
  }
}

function drawCurve(pen, points, heard, name, ink, x, y) {
  pen.strokeStyle = ink;
  pen.lineWidth = 2;
  for (let at = 1; at < points.length; at += 1) {
    const [before, point] = [points[at - 1], points[at]];
    if (!heard[at] || !heard[at - 1] || point.time - before.time > GAP_S || x(before.time) < LABEL_PX) continue;
    pen.globalAlpha = point.final ? 1 : 0.4;
    line(pen, x(before.time), y(before[name]), x(point.time), y(point[name]));
  }
  pen.globalAlpha = 1;
}

function drawStrip(pen, points, x, top, height, ink) {
  points.forEach((point, index) => {
    const fill = ink(point, index);
    const before = points[index - 1];
    const startS = before && point.time - before.time <= GAP_S ? before.time : point.time - 0.25;
    if (fill === null || x(startS) < LABEL_PX - 2) return;
    pen.globalAlpha = point.final ? 1 : 0.4;
    pen.fillStyle = fill;
    // Whole pixels, so that neighbours neither overlap nor leave a seam.
    const left = Math.round(x(startS));
    pen.fillRect(left, top, Math.round(x(point.time)) - left, height);
  });
  pen.globalAlpha = 1;
}

/** Writes each emotion's name into its stretch, so that the ribbon can be read without colour. */
function nameEmotions(pen, points, heard, x, middle, ink) {
  pen.textAlign = "left";
  pen.fillStyle = ink;
  for (let first = 0; first < points.length; ) {
    const alike = (at) => heard[at] === heard[first] && points[at].emotion === points[first].emotion;
    let behind = first + 1;
    while (behind < points.length && alike(behind)) behind += 1;
    const left = Math.max(x(points[first].time), LABEL_PX);
    const room = x(points[behind - 1].time) - left - 8;
    const name = points[first].emotion;
    if (heard[first] && pen.measureText(name).width < room) pen.fillText(name, left + 4, middle + 1);
    first = behind;
  }
}

function label(pen, colour, text, middle) {
  pen.textAlign = "right";
  pen.fillStyle = colour("quiet");
  pen.fillText(text, LABEL_PX - 8, middle);
}

function line(pen, x1, y1, x2, y2) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

/** Minutes and seconds, with hours where there are any. */
export function clock(timeS) {
  const seconds = Math.max(Math.floor(timeS), 0);
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
