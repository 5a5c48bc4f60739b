// The plots together: laid out, panned, zoomed, with the cursor through all of them.

const CLICK_PX = 4;

class Timeline {
  constructor(session, view, moment) {
    this.session = session;
    this.view = view;
    this.moment = moment;
    this.hovered = new Watched();
    this.hovered.time = null;
    const shares = MODALITIES.map((modality) => `share_${modality}`);
    this.plots = [
      ["plot-episodes", rowsPlot(session, view, { names: [""], height: 44, draw: (plot) => drawEpisodes(plot, session) })],
      ["plot-affect", affectPlot(session, view)],
      ["plot-emotions", stackedPlot(session, view, EMOTIONS, EMOTIONS, 150)],
      ["plot-shares", stackedPlot(session, view, shares, MODALITIES, 90)],
      ["plot-presence", rowsPlot(session, view, {
        names: MODALITIES.map((modality) => MODALITY_NAMES[modality]),
        height: 54,
        axis: true,
        draw: (plot) => drawPresence(plot, session),
      })],
    ].map(([id, made]) => this.make(document.getElementById(id), made));
    this.region = document.getElementById("timeline");
    new ResizeObserver(() => this.fit()).observe(this.region);
    view.watch(() => this.show());
    moment.watch(() => this.place());
  }

  make(target, { options, data }) {
    options.hooks.setCursor = [(plot) => this.hover(plot)];
    const plot = new uPlot(options, data, target);
    plot.levels = levelsOf(data);
    plot.level = plot.levels[0];
    plot.head = document.createElement("div");
    plot.head.className = "playhead";
    plot.over.append(plot.head);
    this.listen(plot);
    return plot;
  }

  /** Click to seek, drag to pan, wheel with Ctrl or Shift to zoom, sideways wheel to pan. */
  listen(plot) {
    const over = plot.over;
    let held = null;
    const timeAt = (event) => plot.posToVal(event.clientX - over.getBoundingClientRect().left, "x");
    over.addEventListener("pointerdown", (event) => {
      if (event.button === 0) held = { x: event.clientX, from: this.view.from, moved: false };
    });
    over.addEventListener("pointermove", (event) => {
      if (!held) return;
      const dx = event.clientX - held.x;
      if (!held.moved && Math.abs(dx) < CLICK_PX) return;
      if (!held.moved) over.setPointerCapture(event.pointerId);
      held.moved = true;
      this.view.set(held.from - (dx / over.clientWidth) * this.view.length, this.view.length);
    });
    over.addEventListener("pointerup", (event) => {
      if (held && !held.moved) this.moment.set(timeAt(event));
      held = null;
    });
    over.addEventListener("pointercancel", () => (held = null));
    over.addEventListener(
      "wheel",
      (event) => {
        if (event.ctrlKey || event.shiftKey) {
          this.view.zoom(Math.exp((event.deltaY || event.deltaX) / 300), timeAt(event));
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          this.view.pan((event.deltaX / over.clientWidth) * this.view.length);
        } else {
          return;
        }
        event.preventDefault();
      },
      { passive: false },
    );
  }

  hover(plot) {
    const { left } = plot.cursor;
    const time = left >= 0 ? plot.posToVal(left, "x") : null;
    if (time === this.hovered.time) return;
    this.hovered.time = time;
    this.hovered.tell();
  }

  /** Take the width that there is. */
  fit() {
    const width = this.region.clientWidth;
    for (const plot of this.plots) if (width > 0 && plot.width !== width) plot.setSize({ width, height: plot.height });
    this.show();
  }

  show() {
    const { from: min, to: max } = this.view;
    for (const plot of this.plots) {
      this.choose(plot);
      plot.setScale("x", { min, max });
    }
    this.tellMeans();
    // uPlot applies a scale at the end of the turn; the cursor stands on the new one.
    queueMicrotask(() => this.place());
  }

  /** As many points as the plot can show. */
  choose(plot) {
    const part = this.view.length / (this.view.end - this.view.start);
    const level = levelFor(plot.levels, part, plot.over.clientWidth);
    if (level !== plot.level) plot.setData(level.data);
    plot.level = level;
  }

  /** A mean must not be taken for a result. */
  tellMeans() {
    const { points } = this.plots[1].level;
    const { time } = this.session;
    const hop = time.length > 1 ? (time.at(-1) - time[0]) / (time.length - 1) : 0;
    document.getElementById("means").textContent =
      points > 1 ? `Means over ${Math.round(points * hop)} s; zoom in for every result.` : "";
  }

  place() {
    const { time } = this.moment;
    const inside = time >= this.view.from && time <= this.view.to;
    const part = (time - this.view.from) / this.view.length;
    for (const plot of this.plots) {
      plot.head.hidden = !inside;
      plot.head.style.transform = `translateX(${part * plot.over.clientWidth}px)`;
    }
  }

  /** Draw everything again, in the colours of now. */
  redraw() {
    for (const plot of this.plots) plot.redraw(false, true);
  }
}
