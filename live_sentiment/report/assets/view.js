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
  constructor(start, end) {
    super();
    this.start = start;
    this.end = end;
    this.time = start;
    this.by = "user";
  }

  set(time, by = "user") {
    this.time = Math.min(Math.max(time, this.start), this.end);
    this.by = by;
    this.tell();
  }
}

const SHORTEST_VIEW_S = 2;

/** The stretch of the session that the plots show. */
class View extends Watched {
  constructor(start, end) {
    super();
    this.start = start;
    this.end = Math.max(end, start + SHORTEST_VIEW_S);
    this.from = this.start;
    this.to = this.end;
  }

  get length() {
    return this.to - this.from;
  }

  set(from, length) {
    const kept = this.fitting(length);
    this.from = Math.min(Math.max(from, this.start), this.end - kept);
    this.to = this.from + kept;
    this.tell();
  }

  pan(seconds) {
    this.set(this.from + seconds, this.length);
  }

  /** Show `factor` times as much, with the moment `around` staying where it is on the screen. */
  zoom(factor, around) {
    const length = this.fitting(this.length * factor);
    this.set(around - ((around - this.from) * length) / this.length, length);
  }

  whole() {
    this.set(this.start, this.end - this.start);
  }

  fitting(length) {
    return Math.min(Math.max(length, SHORTEST_VIEW_S), this.end - this.start);
  }

  /** Turn the page when the moment leaves it. */
  follow(time) {
    if (time < this.from || time > this.to) this.set(time - this.length * 0.1, this.length);
  }
}
