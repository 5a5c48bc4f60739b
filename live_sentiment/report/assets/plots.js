// The plots, by uPlot: one canvas each, one time axis for all.

const GUTTER_PX = 58;
const TICKS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Colours as the style sheet has them now, which depends on light, dark and print. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

/** What all plots have in common. `axis`: whether the times stand below. */
function common(view, { height, series, scale, ticks, axis = false, bands = [], hooks = {} }) {
  const ink = (name) => () => colours()(name);
  return {
    width: 600,
    height: height + (axis ? 30 : 8),
    padding: [6, 26, axis ? 0 : 4, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: "session" } },
    scales: { x: { time: false, range: () => [view.from, view.to] }, y: { range: () => scale } },
    axes: [
      {
        // Without times below it keeps its lines through the plot.
        size: axis ? 30 : 0,
        incrs: TICKS_S,
        space: 70,
        stroke: ink("quiet"),
        grid: { stroke: ink("rule"), width: 1 },
        ticks: { show: false },
        font: "12px system-ui, sans-serif",
        values: (_, splits) => splits.map((time) => (axis ? clock(time, !Number.isInteger(time)) : "")),
      },
      {
        size: GUTTER_PX,
        stroke: ink("quiet"),
        grid: { show: ticks.grid, stroke: ink("rule"), width: 1 },
        ticks: { show: false },
        font: "12px system-ui, sans-serif",
        splits: () => ticks.at,
        values: () => ticks.names,
      },
    ],
    series: [{}, ...series],
    bands,
    hooks,
  };
}

const line = (name, width) => ({ stroke: () => colours()(name), width, points: { show: false } });
const unseen = { stroke: "transparent", width: 0, points: { show: false } };
const area = (name) => ({
  stroke: () => colours()("ground"),
  width: 0.5,
  fill: () => colours()(name),
  points: { show: false },
});

/** Valence and arousal, each with a band of one standard deviation. */
function affectPlot(session, view) {
  const { valence, valence_sd: vsd, arousal, arousal_sd: asd } = session.columns;
  const edge = (values, sds, sign) =>
    values.map((value, at) => Math.min(Math.max(value + sign * sds[at], -1), 1));
  const data = [
    session.time,
    edge(arousal, asd, 1),
    edge(arousal, asd, -1),
    edge(valence, vsd, 1),
    edge(valence, vsd, -1),
    arousal,
    valence,
  ];
  const options = common(view, {
    height: 190,
    scale: [-1.05, 1.05],
    ticks: { grid: true, at: [-1, -0.5, 0, 0.5, 1], names: ["−1", "−0.5", "0", "+0.5", "+1"] },
    series: [unseen, unseen, unseen, unseen, { ...line("arousal", 2), dash: [6, 3] }, line("valence", 2.5)],
    bands: [
      { series: [1, 2], fill: () => colours()("arousal-band") },
      { series: [3, 4], fill: () => colours()("valence-band") },
    ],
    hooks: { draw: [(plot) => drawTurns(plot, session.turning_points)] },
  });
  return { options, data };
}

/** Parts of a whole over each other, the first at the bottom. */
function stackedPlot(session, view, names, labels, height) {
  const sums = names.map(() => new Array(session.time.length));
  for (let at = 0; at < session.time.length; at++) {
    let sum = 0;
    const none = names.every((name) => session.columns[name][at] === null);
    names.forEach((name, row) => {
      sum += session.columns[name][at] ?? 0;
      sums[row][at] = none ? null : sum;
    });
  }
  const options = common(view, {
    height,
    scale: [0, 1],
    ticks: { grid: false, at: [0, 0.5, 1], names: ["0", "50 %", "100 %"] },
    // From the highest down, so that each covers what lies under it.
    series: labels.map(area).reverse(),
  });
  return { options, data: [session.time, ...sums.reverse()] };
}

/** Rows of one's own drawing in place of series. */
function rowsPlot(session, view, { names, height, draw, axis }) {
  const options = common(view, {
    height,
    axis,
    scale: [0, names.length],
    ticks: { grid: false, at: names.map((_, row) => names.length - row - 0.5), names },
    series: [unseen],
    hooks: { draw: [draw] },
  });
  return { options, data: [session.time, session.time.map(() => null)] };
}
