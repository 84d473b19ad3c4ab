// The questions, each by the kind of its spec. A built question has
//   element      what stands under the clip
//   focus()      where the keys go
//   answer()     the answer as it stands now, or null
//   draft()      what to keep of it, or null
//   choose(n)    the n-th option, by a digit
//   accept()     the words of its send button, "" when its options are its buttons
//   span()       what a question to a colleague would be about, in seconds, or null
//   key(name)    takes a key before the page does

import { element, keyed } from "./dom.js";
import { intent } from "./intent.js";
import { transcript } from "./transcript.js";
import { differences } from "./words.js";

const nothing = { focus() {}, answer: () => null, draft: () => null, choose() {}, accept: () => "", span: () => null, key: () => false };

export function ask(clip, tools) {
  const { spec } = clip.task;
  const built = { transcript, intent, choice }[spec.kind](clip, tools);
  return { ...nothing, ...built };
}

/** What stands above the options, from whatever the clip brings. */
function choice({ task, draft }, tools) {
  const { spec, prefill } = task;
  const compared = spec.options.some(({ value }) => value === "a") && "a" in prefill ? differences(prefill.a, prefill.b) : null;
  const texts = compared && { a: compared[0], b: compared[1] };
  const body = element("div", "question-body");
  if (!compared) body.append(...told(prefill));
  body.append(choices(spec.options, { before: draft?.value, texts, choose: (value) => tools.submit({ value }) }));
  return {
    element: body,
    focus: () => tools.rest(),
    choose: (n) => spec.options[n] && tools.submit({ value: spec.options[n].value }),
  };
}

/** Options as buttons with digits. `texts` are transcripts to show on some, word by word. */
export function choices(options, { before, texts, choose }) {
  const row = element("div", texts ? "choice-row compared" : "choice-row");
  options.forEach(({ value, text }, i) => {
    const made = element("button", "choice secondary", keyed(String(i + 1)), element("span", "choice-text", text));
    made.type = "button";
    if (texts?.[value]) made.append(element("span", "choice-words", ...texts[value].flatMap(([word, differs]) => [differs ? element("mark", "", word) : word, " "])));
    if (value === before) made.append(element("span", "small before", "your earlier answer"));
    made.addEventListener("click", () => choose(value));
    row.append(made);
  });
  return row;
}

export function facts(lines) {
  const list = element("dl", "facts");
  for (const [name, value] of lines) list.append(element("div", "", element("dt", "", name), element("dd", "", value)));
  return list;
}

function told({ text, reply }) {
  const lines = [];
  if (text) lines.push(["Said", `“${text}”`]);
  if (reply !== undefined) lines.push(["Reply", reply ? `“${reply}”` : "none"]);
  return lines.length ? [facts(lines)] : [];
}
