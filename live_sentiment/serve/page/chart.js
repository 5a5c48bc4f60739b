// The last minute by uPlot: valence and arousal as curves; below them emotions as a ribbon, presence as strips.

export const SPAN_S = 60;
const MODALITIES = ["text", "voice", "vision"];
/** Points further apart than this are not joined. */
const GAP_S = 2.5;
const PALE = 0.4;
/** Below the curves, in units of their axis: where the ribbon and each strip begin and end. */
const ROWS = { emotion: [-1.12, -1.32], text: [-1.42, -1.53], voice: [-1.6, -1.71], vision: [-1.78, -1.89] };
const SCALE = [-1.95, 1.05];

let plot = null;
let shown = [];
let endS = SPAN_S;

/**
 * Draws points in time order.
 * @param {HTMLElement} box what holds the plot
 * @param {Array<object>} points messages of type "point"; provisional ones are drawn pale
 * @param {number} newestS session time at the right edge
 */
export function draw(box, points, newestS) {
  shown = points;
  endS = Math.max(newestS, SPAN_S);
  const size = { width: box.clientWidth, height: box.clientHeight };
  if (plot === null) {
    plot = new uPlot({ ...options(), ...size }, columns(points), box);
    return;
  }
  if (plot.width !== size.width || plot.height !== size.height) plot.setSize(size);
  plot.setData(columns(points));
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const heard = (point) => MODALITIES.some((modality) => point.presence[modality].present);

function options() {
  const middles = Object.values(ROWS).map(([top, bottom]) => (top + bottom) / 2);
  const axis = { stroke: () => colour("quiet"), ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const curve = (name, alpha) => ({ stroke: () => colour(name), width: 2, alpha, points: { show: false } });
  return {
    padding: [4, 18, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: () => [endS - SPAN_S, endS] }, y: { range: () => SCALE } },
    axes: [
      { ...axis, size: 22, gap: 2, incrs: [10], grid: { show: false }, values: (_, times) => times.map(clock) },
      {
        ...axis,
        size: 64,
        splits: () => [1, 0, -1, ...middles],
        values: () => ["+1", "0", "−1", ...Object.keys(ROWS)],
        grid: { stroke: () => colour("rule"), width: 1, filter: (_, splits) => splits.map((v) => (v < -1 ? null : v)) },
      },
    ],
    series: [{}, curve("valence", 1), curve("arousal", 1), curve("valence", PALE), curve("arousal", PALE)],
    hooks: { draw: [drawRows] },
  };
}

/** Times, and what is final and provisional of valence and arousal; null where nothing is to be drawn. */
function columns(points) {
  const data = [[], [], [], [], []];
  const nothing = [null, null];
  const push = (...values) => values.forEach((value, at) => data[at].push(value));
  points.forEach((point, at) => {
    const [before, next] = [points[at - 1], points[at + 1]];
    if (before && point.time - before.time > GAP_S) push((before.time + point.time) / 2, ...nothing, ...nothing);
    const values = heard(point) ? [point.valence, point.arousal] : nothing;
    const joins = point.final && next && !next.final; // the last final one begins the pale curve
    push(point.time, ...(point.final ? values : nothing), ...(!point.final || joins ? values : nothing));
  });
  return data;
}

function drawRows(u) {
  const pen = u.ctx;
  const { left, top, width, height } = u.bbox;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  drawRow(u, "emotion", (point) => (heard(point) ? colour(point.emotion) : null));
  nameEmotions(u);
  for (const modality of MODALITIES) {
    const ink = colour(modality);
    drawRow(u, modality, (point) => (point.presence[modality].present ? ink : null));
  }
  pen.restore();
}

function drawRow(u, row, ink) {
  const [top, bottom] = ROWS[row].map((value) => u.valToPos(value, "y", true));
  shown.forEach((point, at) => {
    const fill = ink(point);
    const before = shown[at - 1];
    const startS = before && point.time - before.time <= GAP_S ? before.time : point.time - 0.25;
    if (fill === null) return;
    u.ctx.globalAlpha = point.final ? 1 : PALE;
    u.ctx.fillStyle = fill;
    // Whole pixels, so that neighbours neither overlap nor leave a seam.
    const [left, right] = [startS, point.time].map((time) => Math.round(u.valToPos(time, "x", true)));
    u.ctx.fillRect(left, top, right - left, bottom - top);
  });
  u.ctx.globalAlpha = 1;
}

/** Writes each emotion's name into its stretch, so that the ribbon can be read without colour. */
function nameEmotions(u) {
  const pen = u.ctx;
  const middle = ROWS.emotion.reduce((sum, value) => sum + u.valToPos(value, "y", true) / 2, 0);
  pen.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillStyle = colour("panel");
  const x = (time) => u.valToPos(time, "x", true);
  for (let first = 0; first < shown.length; ) {
    const alike = (at) => heard(shown[at]) === heard(shown[first]) && shown[at].emotion === shown[first].emotion;
    let behind = first + 1;
    while (behind < shown.length && alike(behind)) behind += 1;
    const left = Math.max(x(shown[first].time), u.bbox.left);
    const room = x(shown[behind - 1].time) - left - 8 * devicePixelRatio;
    const name = shown[first].emotion;
    if (heard(shown[first]) && pen.measureText(name).width < room) {
      pen.fillText(name, left + 4 * devicePixelRatio, middle + devicePixelRatio);
    }
    first = behind;
  }
}

/** Minutes and seconds, with hours where there are any. */
export function clock(timeS) {
  const seconds = Math.max(Math.floor(timeS), 0);
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
