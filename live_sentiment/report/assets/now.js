// The panel that tells one moment: that under the pointer, or else the cursor's.

class Now {
  constructor(session, moment, hovered) {
    this.session = session;
    this.moment = moment;
    this.hovered = hovered;
    this.panel = document.getElementById("now");
    this.slots = Object.fromEntries(
      [...this.panel.querySelectorAll("[data-slot]")].map((slot) => [slot.dataset.slot, slot]),
    );
    this.bars = Object.fromEntries([...this.panel.querySelectorAll("[data-bar]")].map((bar) => [bar.dataset.bar, bar]));
    hovered.watch(() => this.tell());
    moment.watch(() => this.tell());
  }

  tell() {
    const { session, slots, bars } = this;
    if (!session.time.length) return;
    const pointed = this.hovered.time !== null;
    const time = pointed ? this.hovered.time : this.moment.time;
    const at = pointAt(session, time);
    const value = (name) => session.columns[name][at];
    const emotion = EMOTIONS[value("leading")];
    slots.time.textContent = clock(time, true);
    slots.where.textContent = pointed ? "under the pointer" : "at the cursor";
    slots.emotion.textContent = emotion;
    slots.emotion.dataset.emotion = emotion;
    slots.confidence.textContent = percent(value(emotion));
    for (const name of EMOTIONS) {
      bars[name].setAttribute("width", value(name) * 100);
      slots[name].textContent = percent(value(name));
    }
    for (const name of ["valence", "arousal"]) {
      slots[name].textContent = `${signed(value(name))} ± ${value(`${name}_sd`).toFixed(2)}`;
    }
    slots.polarity.textContent = POLARITIES.map((name) => `${name} ${percent(value(`polarity_${name}`))}`).join(" · ");
    for (const modality of MODALITIES) {
      slots[modality].textContent = evidence(session, modality, at);
      slots[modality].dataset.absent = value(`share_${modality}`) === null;
    }
    slots.event.textContent = happened(session, time).join(" · ");
  }
}

/** What a modality had to say at a point: its share and effect, or why it is missing. */
function evidence(session, modality, at) {
  const share = session.columns[`share_${modality}`][at];
  if (share === null) return `missing: ${whyMissing(session, modality, session.time[at])}`;
  const effect = session.columns[`effect_${modality}`][at];
  return `${percent(share)}, ${signed(effect * 100, 0)} points`;
}

function whyMissing(session, modality, time) {
  const covers = (absence) => absence.modality === modality && absence.start < time && time <= absence.end;
  return session.absences.find(covers)?.reason ?? "unknown";
}

/** Events and markers within two seconds of a moment. */
function happened(session, time) {
  return session.events.filter((event) => Math.abs(event.time - time) <= 2).map((event) => event.message);
}
