// The video or sound, and the moment that goes with it.

class Player {
  /** `offset`: where session time 0 lies in the media, in seconds. */
  constructor(media, offset, moment, view) {
    this.media = media;
    this.offset = offset;
    this.moment = moment;
    this.view = view;
    if (!media) return;
    this.load();
    media.addEventListener("play", () => this.follow());
    for (const event of ["seeked", "timeupdate"]) media.addEventListener(event, () => this.tell());
    for (const event of ["play", "pause", "ended"]) media.addEventListener(event, () => this.label());
    media.addEventListener("error", () => this.refuse());
    moment.watch(() => this.seek());
  }

  /** Hand the embedded bytes to the player; a linked file is loaded by the browser itself. */
  load() {
    const held = document.getElementById("embedded-media");
    if (!held) return;
    const media = new Blob([bytesOf(held.textContent.trim())], { type: held.dataset.type });
    held.remove();
    this.media.src = URL.createObjectURL(media);
  }

  get time() {
    return this.media.currentTime - this.offset;
  }

  toggle() {
    if (!this.media) return;
    // A player that cannot play says so by its error event.
    if (this.media.paused) this.media.play().catch(() => this.label());
    else this.media.pause();
  }

  seek() {
    if (this.moment.by === "user") this.media.currentTime = this.moment.time + this.offset;
  }

  tell() {
    if (this.media.seeking) return;
    this.moment.set(this.time, "video");
    if (!this.media.paused) this.view.follow(this.moment.time);
  }

  /** While it plays, the cursor moves with every picture on the screen. */
  follow() {
    if (this.media.paused || this.media.ended) return;
    this.tell();
    requestAnimationFrame(() => this.follow());
  }

  label() {
    const button = document.querySelector("[data-action=play]");
    if (button) button.textContent = this.media.paused ? "▶ Play" : "❚❚ Pause";
  }

  refuse() {
    document.getElementById("media-refused").hidden = false;
  }
}
