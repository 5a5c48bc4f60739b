// The buttons above the plots, and the keys on them.

/** The keys are those of a slider, whose value is the moment; the uppermost plot is its focus. */
function bindKeys(timeline, view, moment, player) {
  const step = (seconds) => {
    moment.set(moment.time + seconds);
    view.follow(moment.time);
  };
  const actions = {
    play: () => player.toggle(),
    "zoom-in": () => view.zoom(0.5, centre(view, moment)),
    "zoom-out": () => view.zoom(2, centre(view, moment)),
    whole: () => view.whole(),
    earlier: () => view.pan(-view.length * 0.5),
    later: () => view.pan(view.length * 0.5),
  };
  const keys = {
    ArrowLeft: (event) => step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => step(event.shiftKey ? 10 : 1),
    ArrowDown: () => step(-1),
    ArrowUp: () => step(1),
    PageUp: actions.earlier,
    PageDown: actions.later,
    Home: () => step(moment.start - moment.time),
    End: () => step(moment.end - moment.time),
    "+": actions["zoom-in"],
    "=": actions["zoom-in"],
    "-": actions["zoom-out"],
    0: actions.whole,
    " ": actions.play,
  };
  for (const button of document.querySelectorAll("[data-action]")) {
    button.addEventListener("click", actions[button.dataset.action]);
  }
  const region = timeline.region;
  region.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.altKey || event.metaKey ? null : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
  const slider = document.getElementById("plot-episodes");
  // After a click on any plot the keys work at once.
  region.addEventListener("click", () => slider.focus({ preventScroll: true, focusVisible: false }));
  const describe = () => slider.setAttribute("aria-valuetext", inWords(timeline.session, moment.time));
  player.media?.addEventListener("pause", describe);
  moment.watch(() => {
    slider.setAttribute("aria-valuenow", moment.time.toFixed(1));
    // A value text that changes all the time would have a screen reader talk over the video.
    if (player.media?.paused ?? true) describe();
    else slider.removeAttribute("aria-valuetext");
  });
}

/** The cursor where it can be seen, else the middle. */
function centre(view, moment) {
  const seen = moment.time >= view.from && moment.time <= view.to;
  return seen ? moment.time : (view.from + view.to) / 2;
}

/** A moment as one sentence. */
function inWords(session, time) {
  if (!session.time.length) return clock(time);
  const at = pointAt(session, time);
  const emotion = EMOTIONS[session.columns.leading[at]];
  const { columns } = session;
  return (
    `${clock(time, true)}, ${emotion} ${percent(columns[emotion][at])}, ` +
    `valence ${signed(columns.valence[at])}, arousal ${signed(columns.arousal[at])}`
  );
}
