// What the page carries: one JSON object, with the columns of the points as integers in base64.

const EMOTIONS = ["neutral", "joy", "sadness", "anger", "fear", "disgust", "surprise"];
const POLARITIES = ["negative", "neutral", "positive"];
const MODALITIES = ["text", "voice", "vision"];
const MODALITY_NAMES = { text: "words", voice: "voice", vision: "face" };

/** The session, with `columns` unpacked into arrays of numbers; null where a value is absent. */
function readSession() {
  const session = JSON.parse(document.getElementById("session").textContent);
  const { packed, absent, per_unit: perUnit } = session;
  session.time = Array.from(new Uint32Array(bytesOf(packed.time)), (ms) => ms / 1000);
  session.columns = { leading: new Uint8Array(bytesOf(packed.leading)) };
  for (const [name, text] of Object.entries(packed.values)) {
    const integers = new Int16Array(bytesOf(text));
    session.columns[name] = Array.from(integers, (value) => (value === absent ? null : value / perUnit));
  }
  delete session.packed;
  return session;
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}

/** Index of the point that speaks of a moment: the first that ends at or after it, or the last. */
function pointAt(session, time) {
  const times = session.time;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 0:07, 1:02:03; with tenths where asked for. */
function clock(time, tenths = false) {
  const units = tenths ? Math.floor(time * 10 + 1e-6) / 10 : Math.floor(time + 1e-6);
  const hours = Math.floor(units / 3600);
  const minutes = Math.floor((units % 3600) / 60);
  const rest = (units % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const signed = (value, digits = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
/** A part of 1, with a space that no line breaks at. */
const percent = (part) => `${Math.round(part * 100)}\u00a0%`;
