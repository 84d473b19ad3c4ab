// The clip as a picture that stays: bars from the peaks, what was said, what was heard, a span somebody chose.

import { $ } from "./dom.js";
import { total } from "./spans.js";

const BAR = 3;
const GAP = 2;
const NAMES = { bar: "--line-strong", played: "--accent", said: "--accent-soft", chosen: "--warm-soft", edge: "--warm", ink: "--ink" };

export class Wave {
  span = null; // chosen by dragging or by keys
  #canvas = document.createElement("canvas");
  #player;
  #bars = [];
  #of = null; // the sound and the width the bars were made for
  #colours = {};
  #frame = 0;

  /** `seek(seconds)` after a click, `chosen(span)` while a span is drawn. */
  constructor(player, { seek, chosen }) {
    this.#player = player;
    const place = $(".wave");
    place.append(this.#canvas);
    place.addEventListener("contextmenu", (event) => event.preventDefault());
    new ResizeObserver(() => this.draw()).observe(place);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.#dress());
    this.#dress();
    this.#listen(place, seek, chosen);
  }

  #dress() {
    const style = getComputedStyle(document.documentElement);
    for (const [name, token] of Object.entries(NAMES)) this.#colours[name] = style.getPropertyValue(token).trim();
    this.draw();
  }

  #listen(place, seek, chosen) {
    let from = null;
    const at = (event) => {
      const box = this.#canvas.getBoundingClientRect();
      return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * this.#player.seconds;
    };
    place.addEventListener("pointerdown", (event) => {
      if (event.button || !this.#player.seconds) return;
      from = { x: event.clientX, at: at(event) };
      place.setPointerCapture(event.pointerId);
    });
    place.addEventListener("pointermove", (event) => {
      if (!from || (Math.abs(event.clientX - from.x) < 5 && !from.drawing)) return;
      from.drawing = true;
      chosen([from.at, at(event)].sort((a, b) => a - b), false);
    });
    place.addEventListener("pointerup", (event) => {
      if (from && !from.drawing) seek(at(event));
      else if (from) chosen([from.at, at(event)].sort((a, b) => a - b), true);
      from = null;
    });
    place.addEventListener("pointercancel", () => (from = null));
  }

  /** Draw now, and on while it plays. */
  draw() {
    cancelAnimationFrame(this.#frame);
    this.#paint();
    if (this.#player.playing) this.#frame = requestAnimationFrame(() => this.draw());
  }

  #measure(sound, width, count) {
    if (this.#of === `${width}` && this.#bars.sound === sound) return;
    const most = Math.max(0.02, sound.peaks.reduce((a, b) => Math.max(a, b), 0));
    this.#bars = Array.from({ length: count }, (_, i) => {
      const from = Math.floor((i / count) * sound.peaks.length);
      const to = Math.max(from + 1, Math.floor(((i + 1) / count) * sound.peaks.length));
      let peak = 0;
      for (let n = from; n < to; n++) peak = Math.max(peak, sound.peaks[n] ?? 0);
      return peak / most;
    });
    this.#bars.sound = sound;
    this.#of = `${width}`;
  }

  #paint() {
    const { clientWidth: width, clientHeight: height } = this.#canvas.parentElement;
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(width * scale) || this.#canvas.height !== Math.round(height * scale)) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
    }
    const pen = this.#canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const { clip, seconds } = this.#player;
    if (!clip?.sound) return;
    const x = (time) => (time / seconds) * width;
    const position = this.#player.position;
    const colours = this.#colours;
    pen.fillStyle = colours.said;
    for (const [start, end] of clip.task.speech) pen.fillRect(x(start), 0, x(end) - x(start), height);
    if (this.span) {
      pen.fillStyle = colours.chosen;
      pen.fillRect(x(this.span[0]), 0, x(total([this.span])), height);
      pen.fillStyle = colours.edge;
      for (const edge of this.span) pen.fillRect(x(edge) - 1, 0, 2, height);
    }
    this.#measure(clip.sound, width, Math.floor(width / (BAR + GAP)));
    const middle = (height - 6) / 2;
    this.#bars.forEach((level, i) => {
      const left = i * (BAR + GAP) + GAP / 2;
      const tall = Math.max(2, level * (height - 18));
      pen.fillStyle = left < x(position) ? colours.played : colours.bar;
      pen.beginPath();
      pen.roundRect(left, middle - tall / 2, BAR, tall, 1.5);
      pen.fill();
    });
    pen.fillStyle = colours.played; // what was heard: the evidence, for the reviewer too
    for (const [start, end] of this.#player.heard) pen.fillRect(x(start), height - 3, Math.max(1, x(end) - x(start)), 3);
    pen.fillStyle = colours.ink;
    pen.fillRect(Math.min(width - 2, x(position)), 0, 2, height - 3);
  }
}
