// The transcript: a word seeks, and tells what the timeline holds about the moment at which it was said.

class Words {
  constructor(session, moment, view) {
    this.session = session;
    this.moment = moment;
    this.view = view;
    this.box = document.getElementById("words");
    this.tip = document.getElementById("word-tip");
    if (!this.box) return;
    this.buttons = [...this.box.querySelectorAll("button[data-word]")];
    this.current = null;
    this.box.addEventListener("click", (event) => this.seek(event.target));
    for (const kind of ["pointerover", "focusin"]) {
      this.box.addEventListener(kind, (event) => this.explain(event.target));
    }
    for (const kind of ["pointerleave", "focusout"]) this.box.addEventListener(kind, () => this.hide());
    this.box.addEventListener("scroll", () => this.hide());
    this.box.addEventListener("keydown", (event) => this.walk(event));
    moment.watch(() => this.mark());
  }

  at(button) {
    const index = button?.dataset?.word;
    return index === undefined ? null : this.session.words[index];
  }

  seek(button) {
    const word = this.at(button);
    if (!word) return;
    this.moment.set(word[0]);
    this.view.follow(word[0]);
  }

  /** One stop for the Tab key; arrows go from word to word. */
  walk(event) {
    const from = this.buttons.indexOf(event.target);
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -from, End: this.buttons.length - 1 - from };
    if (event.key === "Escape") this.hide();
    if (from < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = this.buttons[Math.min(Math.max(from + steps[event.key], 0), this.buttons.length - 1)];
    for (const [button, index] of [[event.target, -1], [next, 0]]) button.tabIndex = index;
    next.focus();
  }

  explain(button) {
    const word = this.at(button);
    if (!word) return;
    this.hide();
    const [start, end, probability] = word;
    const lines = [
      `“${button.textContent.trim()}” ${clock(start, true)} to ${clock(end, true)}, recognised with ${percent(probability)}`,
      wordsEffect(this.session, end),
    ];
    this.tip.replaceChildren(...lines.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    this.tip.hidden = false;
    const place = button.getBoundingClientRect();
    const left = Math.min(Math.max(place.left, 8), innerWidth - this.tip.offsetWidth - 8);
    const above = place.top - this.tip.offsetHeight - 6;
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${above > 8 ? above : place.bottom + 6}px`;
    button.setAttribute("aria-describedby", this.tip.id);
    this.explained = button;
  }

  hide() {
    this.tip.hidden = true;
    this.explained?.removeAttribute("aria-describedby");
  }

  /** The word that is said at the moment stands out. */
  mark() {
    const { time } = this.moment;
    let low = 0;
    let high = this.session.words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.session.words[middle][0] <= time) low = middle + 1;
      else high = middle;
    }
    const said = this.session.words[low - 1];
    const button = said && time <= said[1] + 0.3 ? this.buttons[low - 1] : null;
    if (button === this.current) return;
    this.current?.removeAttribute("aria-current");
    button?.setAttribute("aria-current", "true");
    this.current = button;
    if (button && this.moment.by === "video") this.reveal(button);
  }

  /** Scroll the transcript, never the page. */
  reveal(button) {
    const box = this.box.getBoundingClientRect();
    const place = button.getBoundingClientRect();
    if (place.top < box.top || place.bottom > box.bottom) this.box.scrollTop += place.top - box.top - box.height / 3;
  }
}

/** The effect of all the words in the window that ends with this word; a word has no effect of its own there. */
function wordsEffect(session, time) {
  const at = pointAt(session, time);
  const effect = session.columns.effect_text[at];
  if (effect === null) return `Words had no part in the result at ${clock(session.time[at], true)}.`;
  const share = percent(session.columns.share_text[at]);
  return (
    `At ${clock(session.time[at], true)} all the words of the last ${session.window_s} s together moved the probability ` +
    `of the leading emotion by ${signed(effect * 100, 0)} points: ${share} of what it rests on.`
  );
}
