// Help with a word: a colleague hears the same span, here and for ten minutes, and the answer comes back in place.

import { call } from "./api.js";
import { $, button, clock, element, root } from "./dom.js";
import { Player } from "./player.js";
import { decode } from "./sound.js";
import { within } from "./spans.js";

const SHORTEST = 0.1; // seconds that can be asked about, as the server has it
const LONGEST = 5;
const held = (clip) => ({ task: clip.task.id, fence: clip.task.fence });
const left = (until) => {
  const seconds = (Date.parse(until) - Date.now()) / 1000;
  return seconds > 0 && seconds < 3600 ? ` · ${clock(seconds)} left` : "";
};

/** Asking. `page`: shown() the clip, question() its question, player, wave, note(text), rest(). */
export class Asking {
  #page;
  #languages;
  #mine = new Map(); // task → consults
  #row = null;

  constructor(page, languages) {
    this.#page = page;
    this.#languages = languages;
  }

  get open() {
    return this.#row !== null;
  }

  /** Open the row for a span that was drawn, or for the words that are selected or unsure, or for all of it. */
  start() {
    const { shown, question, player, wave } = this.#page;
    const clip = shown();
    if (!clip?.sound) return;
    if (this.#row) return this.#row.querySelector("select").focus();
    this.#choose(wave.span ?? question()?.span() ?? [0, player.seconds]);
    const list = element("select", "", ...Object.entries(this.#languages).map(([code, name]) => new Option(name, code)));
    list.setAttribute("aria-label", "Language of the colleague");
    list.value = clip.task.language in this.#languages ? clip.task.language : list.options[0]?.value;
    const about = element("span", "ask-span");
    const send = button("", "Ask", "Enter");
    const cancel = button("quiet", "Leave it", "Esc");
    this.#row = element("div", "ask own-enter", element("span", "ask-text", "Ask a colleague about ", about), list, send, cancel);
    this.#row.setAttribute("role", "region");
    this.#row.setAttribute("aria-label", "Help with a word: left and right move the span, with Shift its end");
    send.addEventListener("click", () => this.#send(list.value));
    cancel.addEventListener("click", () => this.stop());
    this.#row.addEventListener("keydown", (event) => this.#key(event, list));
    $(".ask-place").replaceChildren(this.#row);
    this.redraw();
    list.focus({ preventScroll: true });
    this.#hear();
  }

  redraw() {
    const about = this.#row?.querySelector(".ask-span");
    const { span } = this.#page.wave;
    if (about && span) about.textContent = `${span[0].toFixed(1)} – ${span[1].toFixed(1)} s`;
  }

  #choose(span) {
    const { player, wave } = this.#page;
    const [start, end] = within(span, player.seconds);
    const from = Math.max(0, Math.min(start, player.seconds - SHORTEST));
    wave.span = [from, Math.min(Math.max(end, from + SHORTEST), from + LONGEST)];
    wave.draw();
    this.redraw();
  }

  #hear() {
    this.#page.player.playSpans([this.#page.wave.span]);
  }

  #key(event, list) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const by = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key];
    if (by) {
      const [start, end] = this.#page.wave.span;
      this.#choose(event.shiftKey ? [start, end + by] : [start + by, end + by]);
      this.#hear();
    } else if (event.key === "Enter" && !event.target.closest("button")) this.#send(list.value);
    else if (event.key === "Escape") this.stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Close the row and forget the span. */
  stop(back = true) {
    if (this.#row) $(".ask-place").replaceChildren();
    const was = this.#row;
    this.#row = null;
    this.#page.wave.span = null;
    this.#page.wave.draw();
    if (was && back) this.#page.rest();
  }

  async #send(language) {
    const clip = this.#page.shown();
    const [start, end] = this.#page.wave.span;
    this.stop();
    try {
      const { consult } = await call("/api/review/consult", { ...held(clip), language, start, end });
      this.#mine.set(clip.task.id, [...(this.#mine.get(clip.task.id) ?? []), { ...consult, language }]);
      this.show();
    } catch (error) {
      this.#page.note(error.message);
    }
  }

  /** What the heartbeat brought: answers to mine. */
  took(consults) {
    for (const consult of consults) {
      const known = this.#mine.get(consult.task) ?? [];
      const old = known.find((each) => each.id === consult.id);
      const fresh = consult.answers.length > (old?.answers.length ?? 0);
      this.#mine.set(consult.task, [...known.filter((each) => each.id !== consult.id), { ...old, ...consult }]);
      if (fresh && this.#page.shown()?.task.id === consult.task) this.#page.note("A colleague has answered.");
    }
    this.show();
  }

  show() {
    const clip = this.#page.shown();
    const insert = this.#page.question()?.insert;
    const lines = (this.#mine.get(clip?.task.id) ?? []).map((consult) => {
      const line = element("li", "", element("span", "muted", `${this.#languages[consult.language] ?? "A colleague"}${left(consult.until)}: `));
      if (!consult.answers.length) line.append(element("span", "muted", "no answer yet"));
      for (const text of consult.answers) {
        line.append(element("b", "", `“${text}”`), " ");
        if (insert) {
          const put = button("quiet", "Put it in");
          put.addEventListener("click", () => insert(text));
          line.append(put);
        }
      }
      return line;
    });
    $(".consults").replaceChildren(...lines);
  }
}

/** Answering: a panel with what colleagues ask, each heard from an address that is good once. */
export class Colleagues {
  #panel = document.getElementById("colleagues");
  #player = new Player({ changed() {}, heard() {} });
  #on;
  #languages;

  constructor(on, languages) {
    this.#on = on;
    this.#languages = languages;
    this.#panel.addEventListener("close", () => this.#player.unload());
    this.#panel.addEventListener("contextmenu", (event) => event.target.closest("input") || event.preventDefault());
  }

  badge(asked) {
    const made = $(".asked");
    made.hidden = !asked;
    $(".asked-count").textContent = asked;
    root.dataset.asked = asked;
  }

  async open() {
    if ($(".asked").hidden || this.#panel.open) return;
    this.#on.opens();
    this.#panel.showModal();
    await this.#fill();
  }

  async #fill() {
    const place = this.#panel.querySelector(".asked-list");
    place.replaceChildren(element("p", "muted", "One moment…"));
    try {
      const { consults } = await call("/api/review/consults", undefined, { method: "GET", body: undefined });
      this.badge(consults.length);
      place.replaceChildren(...consults.map((consult) => this.#line(consult)));
      if (!consults.length) place.append(element("p", "muted", "Nobody asks any more. Thank you."));
      (place.querySelector("input") ?? this.#panel.querySelector("footer button")).focus();
    } catch (error) {
      place.replaceChildren(element("p", "", error.message));
    }
  }

  #line(consult) {
    const play = button("quiet hear", "Hear it", "Ctrl Space");
    const field = Object.assign(element("input"), { maxLength: 200, autocomplete: "off", lang: consult.language });
    field.setAttribute("aria-label", "The word");
    field.placeholder = "The word you hear";
    play.disabled = !consult.sound; // heard as often as it may be
    const line = element("form", "asked-line", play, field, element("button", "", "Answer"));
    const about = element("p", "small muted", `${this.#languages[consult.language] ?? consult.language} · ${consult.length.toFixed(1)} s${left(consult.until)}`);
    about.setAttribute("role", "status");
    line.append(about);
    let clip = null;
    const hear = async () => {
      if (!consult.sound) return;
      try {
        if (!clip) {
          const answer = await fetch(consult.sound, { cache: "no-store" });
          if (!answer.ok) throw new Error("This can't be heard any more.");
          const sound = await decode(await answer.arrayBuffer());
          clip = { sound, heard: [], task: { speech: [], spec: { needs_heard: 0 } } };
        }
        if (this.#player.clip !== clip) this.#player.load(clip);
        else this.#player.seek(0);
        this.#player.play();
      } catch (error) {
        about.textContent = error.message;
      }
    };
    play.addEventListener("click", hear);
    field.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey && event.key === " ")) return;
      event.preventDefault();
      hear();
    });
    line.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field.value.trim()) return field.focus();
      try {
        await call("/api/review/consult/answer", { consult: consult.id, text: field.value.trim() });
        await this.#fill();
      } catch (error) {
        about.textContent = error.message;
      }
    });
    return line;
  }
}
