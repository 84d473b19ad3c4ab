// What was said: a text box over a copy of its text that carries the marks a text box can't show.

import { element, keyed } from "./dom.js";
import { nameOf } from "./keys.js";
import { Words } from "./words.js";

const LONGEST = 1000;
const MARK = /\[[a-z_]+\]/g;

/** Build the question. `tools`: submit(answer), spans(list), typed(), see questions.js. */
export function transcript({ task, draft }, tools) {
  const words = new Words(task.blind ? [] : (task.prefill.words ?? []));
  const given = words.text;
  const label = element("label", "sr-only", "What was said");
  label.htmlFor = "transcript";
  const mirror = element("div", "mirror");
  mirror.setAttribute("aria-hidden", "true");
  const box = Object.assign(element("textarea", "transcript"), { id: "transcript", rows: 2, maxLength: LONGEST, autocomplete: "off" });
  box.lang = task.language;
  box.setAttribute("aria-describedby", "unsure-line");
  const line = document.getElementById("unsure-line");
  const place = element("div", "writing", mirror, box);
  let accept = "";

  const show = () => {
    mirror.replaceChildren(...painted(words));
    const left = words.unsure.length;
    line.textContent = left ? `Unsure: ${left === 1 ? "one word" : `${left} words`}. Tab goes to the next.` : "";
    accept = !box.value.trim() ? "Nothing could be made out" : box.value === given ? "Accept" : "Send";
    tools.label(accept);
  };
  const edited = () => {
    words.edit(box.value);
    show();
    tools.typed();
  };
  const hear = (word) => word?.end > word?.start && tools.spans([[word.start - 0.06, word.end + 0.06]], word);
  const step = (by) => {
    const from = by > 0 ? box.selectionEnd : box.selectionStart;
    const next = by > 0 ? words.unsure.find((word) => word.from >= from) : words.unsure.findLast((word) => word.to <= from);
    if (!next) return false;
    box.setSelectionRange(next.from, next.to);
    hear(next);
    return true;
  };
  const put = (value) => {
    const { selectionStart: from, selectionEnd: to } = box;
    const before = from && /\S/.test(box.value[from - 1]) ? " " : "";
    const after = /\S/.test(box.value[to] ?? " ") ? " " : "";
    box.focus();
    const text = `${before}[${value}]${after}`;
    if (!document.execCommand("insertText", false, text)) box.setRangeText(text, from, to, "end"); // the first keeps Ctrl+Z
    if (box.value !== words.text) edited();
  };

  box.addEventListener("input", edited);
  box.addEventListener("scroll", () => (mirror.scrollTop = box.scrollTop));
  box.addEventListener("click", () => box.selectionStart === box.selectionEnd && hear(words.at(box.selectionStart)));
  const marks = element("div", "marks");
  marks.append(
    ...task.spec.marks.map(({ value, text, key }) => {
      const made = element("button", "mark-button quiet", element("span", "", text), " ", keyed(`Alt ${key.toUpperCase()}`));
      made.type = "button";
      made.addEventListener("pointerdown", (event) => event.preventDefault()); // the caret stays where it is
      made.addEventListener("click", () => put(value));
      return made;
    }),
  );
  const keys = new Map(task.spec.marks.map(({ value, key }) => [`Alt+${key.toLowerCase()}`, value]));

  box.value = given;
  if (draft && "text" in draft) {
    box.value = draft.text;
    words.edit(draft.text);
  }
  return {
    element: element("div", "question-body", label, place, marks),
    accept: () => accept,
    answer: () => ({ text: box.value.trim() }),
    draft: () => ({ text: box.value }),
    focus() {
      show();
      box.focus({ preventScroll: true });
      const [first] = words.unsure;
      if (first) box.setSelectionRange(first.from, first.to);
      else box.setSelectionRange(box.value.length, box.value.length);
    },
    /** The words that are selected, or else the unsure ones: what a question to a colleague is about. */
    span() {
      const { selectionStart: from, selectionEnd: to } = box;
      const chosen = words.list.filter((word) => word.to > from && word.from < to && word.end > word.start);
      const meant = chosen.length ? chosen : words.unsure.slice(0, 1);
      return meant.length ? [meant[0].start - 0.1, meant.at(-1).end + 0.1] : null;
    },
    insert: (text) => {
      box.focus();
      if (!document.execCommand("insertText", false, text)) box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
      if (box.value !== words.text) edited();
    },
    key(name, event) {
      if (event.target !== box) return false;
      if (keys.has(name)) {
        put(keys.get(name));
        return true;
      }
      return event.key === "Tab" && nameOf(event) === "Tab" && step(event.shiftKey ? -1 : 1);
    },
  };
}

function painted({ text, list }) {
  const spans = list.filter((word) => word.confidence < 0.6 && !word.touched).map(({ from, to }) => [from, to, "unsure"]);
  for (const found of text.matchAll(MARK)) spans.push([found.index, found.index + found[0].length, "put"]);
  const parts = [];
  let at = 0;
  for (const [from, to, kind] of spans.sort((a, b) => a[0] - b[0])) {
    parts.push(text.slice(at, from), element("mark", kind, text.slice(from, to)));
    at = to;
  }
  parts.push(`${text.slice(at)}\n`);
  return parts;
}
