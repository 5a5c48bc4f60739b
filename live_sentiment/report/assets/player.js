// The video or sound, whose times are those of the session, and the moment that goes with it.

class Player {
  constructor(media, moment, view) {
    this.media = media;
    this.moment = moment;
    this.view = view;
    /** Whether the next "seeked" answers this page rather than the player's own controls. */
    this.asked = false;
    if (!media) return;
    this.load();
    media.addEventListener("loadedmetadata", () => this.seek());
    media.addEventListener("play", () => this.follow());
    media.addEventListener("seeked", () => this.sought());
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

  toggle() {
    if (!this.media) return;
    // A player that cannot play says so by its error event.
    if (this.media.paused) this.media.play().catch(() => this.label());
    else this.media.pause();
  }

  seek() {
    if (this.moment.by !== "user" || this.media.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    this.asked = true;
    this.media.currentTime = this.moment.time;
  }

  /** Follow the player's own controls. Where the page asked, the moment stays: the video may end before it. */
  sought() {
    if (!this.asked) this.tell();
    this.asked = false;
  }

  tell() {
    this.moment.set(this.media.currentTime, "video");
    this.view.follow(this.moment.time);
  }

  /** While it plays, the cursor moves with every picture on the screen. */
  follow() {
    if (this.media.paused || this.media.ended) return;
    if (!this.media.seeking) this.tell();
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
