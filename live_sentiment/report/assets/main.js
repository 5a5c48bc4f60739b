// Puts the page together.

const session = readSession();
const moment = new Moment(session.start, session.end);
const view = new View(session.start, session.end);
const timeline = new Timeline(session, view, moment);
const player = new Player(document.getElementById("media"), moment, view);
new Now(session, moment, timeline.hovered);
new Words(session, moment, view);
bindKeys(timeline, view, moment, player);

for (const button of document.querySelectorAll("button[data-seek]")) {
  button.addEventListener("click", () => {
    moment.set(Number(button.dataset.seek));
    view.follow(moment.time);
  });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.redraw());

// Paper shows the whole session, dark on white, as wide as the sheet.
let before = null;
addEventListener("beforeprint", () => {
  before = { from: view.from, length: view.length };
  document.documentElement.classList.add("printing");
  view.whole();
  timeline.fit();
  timeline.redraw();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("printing");
  view.set(before.from, before.length);
  timeline.fit();
  timeline.redraw();
});
document.documentElement.classList.add("ready");
