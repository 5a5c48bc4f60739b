// What is drawn by hand on the plots: episodes, turning points, events, markers, and when a modality was there.

/** Canvas coordinates of a stretch of time within the plot; null where none of it is shown. */
function stretch(plot, start, end) {
  const { left, width } = plot.bbox;
  const from = Math.max(plot.valToPos(start, "x", true), left);
  const to = Math.min(plot.valToPos(end, "x", true), left + width);
  return to > from ? { from, width: to - from } : null;
}

function inPlot(plot, draw) {
  const context = plot.ctx;
  const { left, top, width, height } = plot.bbox;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  draw(context, colours(), devicePixelRatio);
  context.restore();
}

/** Peaks and troughs of valence as triangles on its line. */
function drawTurns(plot, turns) {
  inPlot(plot, (context, colour, dpr) => {
    const { min, max } = plot.scales.x;
    const shown = turns.filter((turn) => turn.time >= min && turn.time <= max);
    // Smaller where there are many, so that they stand apart.
    const size = Math.min(Math.max(plot.bbox.width / dpr / (3 * shown.length), 1.5), 5) * dpr;
    for (const turn of shown) {
      const x = plot.valToPos(turn.time, "x", true);
      const y = plot.valToPos(turn.valence, "y", true);
      const up = turn.kind === "peak" ? -1 : 1;
      context.beginPath();
      context.moveTo(x, y + up * 3 * dpr);
      context.lineTo(x - size, y + up * (3 * dpr + 1.8 * size));
      context.lineTo(x + size, y + up * (3 * dpr + 1.8 * size));
      context.closePath();
      context.fillStyle = colour("ink");
      context.fill();
    }
  });
}

/** Episodes as blocks with their names, events and markers above them. */
function drawEpisodes(plot, session) {
  inPlot(plot, (context, colour, dpr) => {
    const { top, height } = plot.bbox;
    const blocks = top + height * 0.36;
    const tall = height * 0.64;
    context.font = `600 ${12 * dpr}px system-ui, sans-serif`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const episode of session.episodes) {
      const seen = stretch(plot, episode.start, episode.end);
      if (!seen) continue;
      context.fillStyle = colour(episode.emotion);
      context.fillRect(seen.from, blocks, Math.max(seen.width - dpr, dpr), tall);
      if (context.measureText(episode.emotion).width + 12 * dpr < seen.width) {
        context.fillStyle = colour("on-emotion");
        context.fillText(episode.emotion, seen.from + 6 * dpr, blocks + tall / 2);
      }
    }
    for (const event of session.events) {
      const x = plot.valToPos(event.time, "x", true);
      const marker = event.kind === "marker";
      context.fillStyle = context.strokeStyle = colour(marker ? "valence" : "alert");
      context.beginPath();
      if (marker) {
        context.rect(x, top, 9 * dpr, 7 * dpr);
        context.rect(x, top, 1.5 * dpr, height);
      } else {
        context.moveTo(x, top + 11 * dpr);
        context.lineTo(x - 5.5 * dpr, top + dpr);
        context.lineTo(x + 5.5 * dpr, top + dpr);
        context.closePath();
      }
      context.fill();
    }
  });
}

/** A bar a modality while it was there; where it was missing, a thin line. */
function drawPresence(plot, session) {
  inPlot(plot, (context, colour, dpr) => {
    const { top, height } = plot.bbox;
    const tall = height / MODALITIES.length;
    const { start, end } = session;
    MODALITIES.forEach((modality, row) => {
      const middle = top + (row + 0.5) * tall;
      const bar = (begin, stop, name, thickness) => {
        const seen = stretch(plot, begin, stop);
        context.fillStyle = colour(name);
        if (seen) context.fillRect(seen.from, middle - thickness / 2, seen.width, thickness);
      };
      bar(start, end, "missing", 2 * dpr);
      let from = start;
      const gaps = session.absences.filter((absence) => absence.modality === modality);
      for (const gap of [...gaps, { start: end, end }]) {
        bar(from, gap.start, modality, tall * 0.6);
        from = gap.end;
      }
    });
  });
}
