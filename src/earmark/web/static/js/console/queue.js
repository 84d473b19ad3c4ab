// The clips this page holds: one in front, two ahead, each fetched and decoded before it is shown. Answers leave in the
// background and are sent again, under the same key, until the server has taken or refused them.

import { call } from "./api.js";
import { sleep } from "./dom.js";
import { decode } from "./sound.js";

const AHEAD = 2;
const held = (clip) => ({ task: clip.task.id, fence: clip.task.fence });
const again = (error) => !error.status || error.status >= 500 || error.status === 429;

export class Queue {
  clips = [];
  why = null;
  last = null; // the answer that can be taken back: {clip, key, answer, done, until}
  #api;
  #on;
  #outbox = new Set();
  #doing = new Set(); // promises of what may bring another clip
  #opening = Promise.resolve(); // an opening gives new fences: nothing else is sent meanwhile
  #closed = false;

  /**
   * `on` has what the page does about it: `front()` another clip is in front, `lost()` the front one was taken away,
   * `prepare(sound)`, `loaded()`, `note(text)`, `sending(count, troubled)`, `sent(item)`, `kept(answer)`.
   */
  constructor(api, on) {
    this.#api = api;
    this.#on = on;
  }

  get lead() {
    return this.#api === "/api/lead";
  }

  get front() {
    return this.clips[0] ?? null;
  }

  get ready() {
    return this.clips.slice(1).filter((clip) => clip.sound).length;
  }

  /** When nothing is being asked for or sent. */
  async settled() {
    await this.#opening;
    await Promise.allSettled([...this.#doing]);
  }

  /** Ask for what is ours already and for more; also after a sleep. Returns the preferences, if there are any. */
  async open() {
    let preferences = null;
    const asking = (async () => {
      await this.#opening;
      if (this.#closed) return;
      const said = await call(this.lead ? "/api/lead/next" : `${this.#api}/open`, this.lead ? {} : { ahead: AHEAD });
      if (this.#closed) return;
      preferences = said.preferences ?? null;
      this.why = said.why ?? null;
      for (const task of said.tasks ?? [said.task]) this.#take(task);
    })();
    this.#opening = asking.catch(() => {});
    await asking;
    return preferences;
  }

  /** Fill up to two ahead, after clips were given back or when there were none for a while. */
  async refill() {
    if (!this.clips.length || this.lead) return this.open();
    if (this.clips.length > AHEAD) return null;
    this.#took(await call(`${this.#api}/next`));
    return null;
  }

  #track(promise) {
    this.#doing.add(promise);
    promise.catch(() => {}).then(() => this.#doing.delete(promise));
    return promise;
  }

  #took({ task, why }) {
    this.why = why ?? null;
    this.#take(task);
  }

  #take(task, back = null) {
    if (!task) return null;
    const known = [...this.#outbox].map((item) => item.clip).concat(this.clips).find((clip) => clip.task.id === task.id);
    if (known) {
      known.task.fence = task.fence;
      known.task.sound = task.sound;
      return known;
    }
    const clip = { task, heard: [], draft: task.draft ?? null, returned: Boolean(task.draft), sound: null, trouble: "", ...back };
    clip.loaded = this.#load(clip);
    const was = this.front;
    if (back) this.clips.unshift(clip);
    else this.clips.push(clip);
    if (this.front !== was) this.#on.front();
    return clip;
  }

  /** An address is good once; when a download breaks off, ask for another. */
  async #load(clip) {
    for (let attempt = 0; attempt < 4 && !clip.sound; attempt++) {
      try {
        if (attempt) {
          await sleep(250 * 2 ** attempt);
          await this.#opening;
          clip.task.sound = (await call("/api/review/sound", held(clip))).sound;
        }
        const answer = await fetch(clip.task.sound, { cache: "no-store" });
        if (answer.ok) {
          const sound = await decode(await answer.arrayBuffer());
          this.#on.prepare(sound);
          clip.sound = sound;
        }
      } catch {
        // the network, or the lease is gone: the heartbeat tells
      }
    }
    this.#on.loaded();
    if (!clip.sound) clip.trouble = "The sound can't be played. Give it back, or wait for another one.";
  }

  #drop(clip) {
    const place = this.clips.indexOf(clip);
    if (place >= 0) this.clips.splice(place, 1);
    return place === 0;
  }

  /** Send an answer. The next clip is in front when this returns; the promise is for what the server says. */
  submit(clip, answer) {
    this.#drop(clip);
    const item = { clip, answer, key: crypto.randomUUID(), until: null };
    this.last = this.lead ? null : item;
    const seconds = clip.since ? Math.round((performance.now() - clip.since) / 100) / 10 : null;
    const body = () =>
      this.lead
        ? { ...held(clip), answer, heard: clip.heard }
        : { ...held(clip), client_key: item.key, answer, heard: clip.heard, seconds, undo: true };
    item.done = this.#track(this.#deliver(item, `${this.#api}/submit`, body));
    return item;
  }

  flag(clip, kind) {
    this.#drop(clip);
    return this.#track(this.#deliver({ clip }, "/api/review/flag", () => ({ ...held(clip), kind })));
  }

  async #deliver(item, path, body) {
    this.#outbox.add(item);
    this.#on.sending(this.#outbox.size, false);
    let said = null;
    try {
      for (let wait = 500; said === null; wait = Math.min(8000, wait * 2)) {
        await this.#opening;
        try {
          said = await call(path, body());
        } catch (error) {
          if (!again(error)) throw error;
          this.#on.sending(this.#outbox.size, true);
          await sleep(wait);
        }
      }
    } catch (error) {
      this.#refused(item, error);
    } finally {
      this.#outbox.delete(item);
      this.#on.sending(this.#outbox.size, false);
    }
    if (said === null) return null;
    item.clip.sound = null;
    item.until = said.undo_until ?? null;
    if (this.last === item && !item.until) this.last = null;
    this.#on.sent(item);
    this.#took(said);
    if (this.clips.length <= AHEAD && said.task) this.refill().catch(() => {});
    return said;
  }

  #refused(item, error) {
    if (this.last === item) this.last = null;
    if (![400, 422].includes(error.status) || !item.answer) {
      item.clip.sound = null;
      this.#on.note([404, 409].includes(error.status) ? "This answer came too late: the clip was taken back or given to somebody else." : error.message);
      this.refill().catch(() => {});
      return;
    }
    // The server wants it otherwise: the clip comes back with what was written.
    item.clip.draft = item.answer;
    this.clips.unshift(item.clip);
    this.#on.front();
    this.#on.note(error.message);
  }

  /** Take the last answer back; its clip is in front with the answer as draft. */
  async undo() {
    const item = this.last;
    if (!item) return false;
    this.last = null;
    await item.done;
    const { task } = await call(`${this.#api}/undo`, { task: item.clip.task.id, client_key: item.key });
    task.draft ??= item.answer;
    this.#take(task, { heard: item.clip.heard, undone: true });
    return true;
  }

  release(clip) {
    this.#drop(clip);
    const given = call("/api/review/release", held(clip)).catch(() => {}); // it goes back by itself when the lease ends
    return this.#track(given.then(() => this.refill()));
  }

  async draft(clip, draft) {
    clip.draft = draft;
    if (this.lead) return;
    try {
      await call(`${this.#api}/draft`, { ...held(clip), draft }, { keepalive: true });
      clip.unsaved = false;
    } catch (error) {
      clip.unsaved = again(error); // the next heartbeat tries once more; otherwise what it was for is gone
    }
  }

  /** The heartbeat of all clips at once; what is lost is gone from the page before anything else happens. */
  async keep() {
    await this.#opening;
    const sent = this.clips.map((clip) => [clip, clip.task.fence]);
    for (const clip of this.clips) if (clip.unsaved) this.draft(clip, clip.draft);
    const waiting = [...this.#outbox].map((item) => held(item.clip));
    const said = await call("/api/review/keep", { held: [...sent.map(([clip]) => held(clip)), ...waiting] });
    const lost = new Set(said.lost);
    for (const [clip, fence] of sent) {
      if (!lost.has(clip.task.id) || clip.task.fence !== fence || !this.clips.includes(clip)) continue;
      const front = this.#drop(clip);
      clip.sound = null;
      if (front) this.#on.lost();
    }
    this.#on.kept(said);
    if (lost.size && this.clips.length <= AHEAD) await this.refill();
  }

  /** Leaving: every lease goes back at once, but for a clip with something written: a reload finds it again. */
  close() {
    this.#closed = true;
    for (const clip of this.clips.splice(0)) {
      clip.sound = null;
      if (!clip.draft) call("/api/review/release", held(clip), { keepalive: true }).catch(() => {});
    }
  }

  reopen() {
    this.#closed = false;
    return this.open();
  }
}
