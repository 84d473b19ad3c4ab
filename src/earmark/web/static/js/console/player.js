// Plays what is decoded already: no element, no address, nothing that could be saved. It knows to the sample what was
// played, which is the evidence of listening.

import { at, worthHearing } from "./sound.js";
import { merge, within } from "./spans.js";

const EDGE = 0.004; // seconds of fading, so that no cut clicks

export class Player {
  speed = 1;
  loop = false;
  skip = false;
  playing = false;
  clip = null;
  #context = null;
  #out = null;
  #volume = 1;
  #nodes = [];
  #parts = []; // what is scheduled: {start, end} of the clip, and when it is `due` by the context's clock
  #position = 0;
  #after = null; // what to do when the scheduled parts are over
  #on;

  /** `changed()` after play, pause, end, and when the browser lets sound out; `heard()` when there is more evidence. */
  constructor(on) {
    this.#on = on;
  }

  /**
   * The context runs all the time: a device that is open already starts within a few milliseconds. Asked for the
   * shortest delay, Chromium's output adds 10 ms; with "interactive" it adds 40.
   */
  #open() {
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: 0 });
      this.#out = new GainNode(this.#context, { gain: this.#volume });
      this.#out.connect(this.#context.destination);
      this.#context.addEventListener("statechange", () => this.#on.changed());
    }
    if (this.#context.state !== "running") this.#context.resume().catch(() => {});
    return this.#context;
  }

  /** The browser waits for a first key or click before it lets sound out. */
  get blocked() {
    return this.playing && this.#context?.state === "suspended";
  }

  unlock() {
    if (this.#context && this.#context.state !== "running") this.#open();
  }

  set volume(value) {
    this.#volume = value;
    if (this.#out) this.#out.gain.value = value;
  }

  get volume() {
    return this.#volume;
  }

  load(clip) {
    this.stop();
    this.clip = clip;
    this.#position = 0;
  }

  unload() {
    this.stop();
    this.clip = null;
  }

  get seconds() {
    return this.clip?.sound?.seconds ?? 0;
  }

  get position() {
    if (!this.playing) return this.#position;
    const now = this.#context.currentTime;
    let here = this.#position;
    for (const { start, end, due } of this.#parts) {
      if (now < due) break;
      here = Math.min(end, start + (now - due) * this.speed);
    }
    return here;
  }

  /** The spans played so far of this clip, also of what plays now. */
  get heard() {
    const now = this.playing ? this.#context.currentTime : 0;
    const fresh = this.#parts
      .filter(({ due }) => this.playing && now > due)
      .map(({ start, end, due }) => [start, Math.min(end, start + (now - due) * this.speed)]);
    return merge([...(this.clip?.heard ?? []), ...fresh]);
  }

  /** Play on from where it stands, or anew from the end. Returns when the first sample is due, by performance.now(). */
  play() {
    if (!this.seconds) return 0;
    if (this.#position >= this.seconds - 0.02) this.#position = 0;
    return this.#start(this.#planFrom(this.#position), () => this.#finish());
  }

  /** Play a few spans, then go on with what was playing before. */
  playSpans(spans) {
    if (!this.seconds) return;
    const back = this.#after?.back ?? { position: this.position, playing: this.playing };
    const parts = spans.map((span) => within(span, this.seconds));
    this.#start(parts, () => {
      this.#position = back.position;
      if (back.playing && back.position < this.seconds - 0.05) this.play();
    });
    this.#after.back = back;
  }

  #planFrom(from) {
    const whole = this.skip ? worthHearing(this.clip.sound, this.clip.task.speech, this.clip.task.spec.needs_heard) : [[0, this.seconds]];
    const rest = whole.filter(([, end]) => end > from + 0.02).map(([start, end]) => [Math.max(start, from), end]);
    return rest.length ? rest : whole;
  }

  #finish() {
    this.#position = this.loop ? 0 : this.seconds;
    if (this.loop) this.play();
  }

  #start(spans, after) {
    this.stop();
    const context = this.#open();
    const buffer = at(this.clip.sound, this.speed);
    let due = context.currentTime + 0.003;
    const first = due;
    for (const [start, end] of spans) {
      const length = (end - start) / this.speed;
      const node = new AudioBufferSourceNode(context, { buffer });
      const edge = new GainNode(context, { gain: 0 });
      edge.gain.setValueAtTime(0, due);
      edge.gain.linearRampToValueAtTime(1, due + EDGE);
      edge.gain.setValueAtTime(1, Math.max(due + EDGE, due + length - EDGE));
      edge.gain.linearRampToValueAtTime(0, due + length);
      node.connect(edge).connect(this.#out);
      node.start(due, start / this.speed, length);
      this.#nodes.push(node);
      this.#parts.push({ start, end, due });
      due += length;
    }
    this.#position = spans[0]?.[0] ?? 0;
    this.#after = { run: after };
    const last = this.#nodes.at(-1);
    if (last) last.onended = () => this.#over();
    this.playing = Boolean(last);
    this.#on.changed();
    return this.#when(first);
  }

  /** Translate the context's clock into performance.now(), with the output's own delay. */
  #when(due) {
    const { contextTime, performanceTime } = this.#context.getOutputTimestamp();
    const sure = this.#context.state === "running" && performanceTime > 0;
    return sure ? performanceTime + (due - contextTime) * 1000 : performance.now() + (due - this.#context.currentTime) * 1000;
  }

  #over() {
    const { run } = this.#after;
    this.#keep(this.#parts.map(({ start, end }) => [start, end]));
    this.#clear();
    run();
    this.#on.changed();
  }

  #keep(spans) {
    this.clip.heard = merge([...this.clip.heard, ...spans]);
    this.#on.heard();
  }

  #clear() {
    for (const node of this.#nodes) {
      node.onended = null;
      try {
        node.stop();
      } catch {
        // over already
      }
      node.disconnect();
    }
    this.#nodes = [];
    this.#parts = [];
    this.#after = null;
    this.playing = false;
  }

  stop() {
    if (!this.playing) return;
    const position = this.#after?.back?.position ?? this.position;
    const heard = this.heard;
    this.#position = position;
    this.#clear();
    this.#keep(heard);
    this.#on.changed();
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }

  seek(to) {
    const on = this.playing;
    this.stop();
    this.#position = Math.max(0, Math.min(this.seconds, to));
    if (on) this.play();
    else this.#on.changed();
  }

  back(seconds = 2) {
    const on = this.playing;
    this.seek(this.position - seconds);
    if (!on) this.play(); // somebody who goes back wants to hear it again
  }

  /** Change how it plays, without a jump. */
  set(changes) {
    const on = this.playing;
    const word = this.#after?.back;
    this.stop();
    Object.assign(this, changes);
    if (on && !word) this.play();
  }
}
