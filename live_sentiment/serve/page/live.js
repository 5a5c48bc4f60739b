// Shows the messages of /ws; docs/live-api.md explains them. Whatever is lost, it connects again.
import { SPAN_S, clock, draw } from "./chart.js";

const VERSION = 1;
const WAIT_MS = [500, 1000, 2000, 4000, 8000];
const EVENTS = 8;
const WORDS_S = 30;
const element = (id) => document.getElementById(id);

let finals = [];
let provisionals = [];
let words = [];
let lost = 0;
let over = false;
let attempts = 0;
let drawing = false;

const handlers = {
  hello(message) {
    finals = [];
    provisionals = [];
    words = [];
    lost = 0;
    attempts = 0;
    element("source").textContent = message.source;
    element("events").replaceChildren();
    element("committed").textContent = "";
    element("partial").textContent = "";
    if (message.version > VERSION) {
      over = true;
      say("refused", "this page is older than the server; reload it");
      return;
    }
    say("live", "live");
  },
  point(message) {
    if (message.final) {
      finals.push(message);
      provisionals = provisionals.filter((point) => point.time > message.time);
      finals = finals.filter((point) => point.time > message.time - SPAN_S - 1);
    } else {
      provisionals.push(message);
    }
    redraw();
  },
  words(message) {
    words.push(...message.committed);
    words = words.filter((word) => word.end > message.time - WORDS_S);
    element("committed").textContent = words.map((word) => word.text).join(" ");
    element("partial").textContent = message.partial.map((word) => word.text).join(" ");
  },
  event(message) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = clock(message.time);
    item.append(time, " ", message.message);
    element("events").prepend(item);
    while (element("events").childElementCount > EVENTS) element("events").lastElementChild.remove();
  },
  lost(message) {
    lost = message.total;
    say("live", `live; ${lost} provisional results left out, this page is too slow`);
  },
  end(message) {
    over = true;
    say("ended", message.complete ? "the session is over" : "the session was cut short");
  },
  bye(message) {
    say("lost", message.message);
  },
};

function connect() {
  const url = new URL("ws", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = location.search;
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    // A type that this page does not know is of a later version, and may be passed over.
    handlers[message.type]?.(message);
  };
  socket.onclose = () => {
    if (over) return;
    const waitMs = WAIT_MS[Math.min(attempts, WAIT_MS.length - 1)];
    attempts += 1;
    say("lost", "the connection is lost; connecting again …");
    setTimeout(connect, waitMs);
  };
}

function say(state, text) {
  element("connection").dataset.state = state;
  element("connection").textContent = text;
}

/** Draws once per picture of the screen, however many points come. */
function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const points = [...finals, ...provisionals];
    const latest = points.at(-1);
    if (latest === undefined) return;
    draw(element("timeline"), points, latest.time);
    showNow(latest);
  });
}

function showNow(point) {
  const heard = Object.values(point.presence).some((presence) => presence.present);
  if (element("emotion").textContent !== point.emotion) element("emotion").textContent = point.emotion;
  element("emotion").className = point.emotion;
  const polarity = Object.entries(point.polarity).sort((one, other) => other[1] - one[1])[0];
  element("polarity").textContent = heard
    ? `${polarity[0]} ${percent(polarity[1])}`
    : "no evidence at the moment";
  element("valence").textContent = `${signed(point.valence)} ± ${point.confidence.valence_sd.toFixed(2)}`;
  element("arousal").textContent = `${signed(point.arousal)} ± ${point.confidence.arousal_sd.toFixed(2)}`;
  element("time").textContent = `${clock(point.time)}${point.final ? "" : " (provisional)"}`;
  element("emotions").replaceChildren(
    ...Object.entries(point.emotions).map(([name, value]) => bar(name, value)),
  );
  element("modalities").replaceChildren(
    ...Object.entries(point.presence).map(([name, presence]) =>
      presence.present ? bar(name, point.shares[name] ?? 0) : absent(name, presence.reason),
    ),
  );
}

function bar(name, value) {
  const row = document.createElement("label");
  row.className = `row ${name}`;
  const progress = document.createElement("progress");
  progress.max = 1;
  progress.value = value;
  const figure = document.createElement("output");
  figure.textContent = percent(value);
  row.append(name, progress, figure);
  return row;
}

function absent(name, reason) {
  const row = document.createElement("p");
  row.className = `row absent ${name}`;
  const why = document.createElement("span");
  why.textContent = reason ?? "absent";
  row.append(name, why);
  return row;
}

const percent = (value) => `${Math.round(value * 100)} %`;
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
connect();
