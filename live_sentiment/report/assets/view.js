// Two things that every part of the page follows: the moment that is looked at, and the stretch that is shown.

/** A value with listeners. */
class Watched {
  constructor() {
    this.listeners = [];
  }

  watch(listener) {
    this.listeners.push(listener);
    listener(this);
  }

  tell() {
    for (const listener of this.listeners) listener(this);
  }
}

/** The moment that is looked at: the cursor. `by` says who moved it last: "user" or "video". */
class Moment extends Watched {
  constructor(end) {
    super();
    this.end = end;
    this.time = 0;
    this.by = "user";
  }

  set(time, by = "user") {
    this.time = Math.min(Math.max(time, 0), this.end);
    this.by = by;
    this.tell();
  }
}

const SHORTEST_VIEW_S = 2;

/** The stretch of the session that the plots show. */
class View extends Watched {
  constructor(end) {
    super();
    this.end = Math.max(end, SHORTEST_VIEW_S);
    this.from = 0;
    this.to = this.end;
  }

  get length() {
    return this.to - this.from;
  }

  set(from, length) {
    const kept = Math.min(Math.max(length, Math.min(SHORTEST_VIEW_S, this.end)), this.end);
    this.from = Math.min(Math.max(from, 0), this.end - kept);
    this.to = this.from + kept;
    this.tell();
  }

  pan(seconds) {
    this.set(this.from + seconds, this.length);
  }

  /** Show `factor` times as much, with the moment `around` staying where it is on the screen. */
  zoom(factor, around) {
    const length = Math.min(Math.max(this.length * factor, SHORTEST_VIEW_S), this.end);
    this.set(around - ((around - this.from) * length) / this.length, length);
  }

  whole() {
    this.set(0, this.end);
  }

  /** Turn the page when the moment leaves it. */
  follow(time) {
    if (time < this.from || time > this.to) this.set(time - this.length * 0.1, this.length);
  }
}
