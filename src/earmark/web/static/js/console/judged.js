// Answers in words, and what stands on the page after a training clip.

import { button, element } from "./dom.js";

/** An answer as people read it: the text of its option, the intent's own words, the details. */
export function said({ text, value, intent, slots }, spec, words) {
  if (text !== undefined) return text ? `“${text}”` : "nothing could be made out";
  const option = spec.options.find((each) => each.value === value)?.text ?? value;
  const details = Object.entries(slots ?? {}).map(([name, detail]) => `${words.slots[name] ?? name}: ${detail}`);
  return [option, intent && (words.intents[intent] ?? intent), ...details].filter(Boolean).join(" · ");
}

/** What others answered, for a lead who decides. */
export const given = (answers, spec, words) => [
  element("p", "small muted", "They answered:"),
  element("ul", "given", ...answers.map((answer) => element("li", "", said(answer, spec, words)))),
];

export function judgement({ correct, expected, asked, right, passed }, answer, spec, words, onward) {
  const lines = [element("h2", "", correct ? "Right." : "Not quite.")];
  if (!correct) {
    lines.push(element("p", "", "Expected: ", element("b", "", said(expected, spec, words))));
    lines.push(element("p", "muted", `You answered: ${said(answer, spec, words)}`));
  }
  lines.push(element("p", "small muted", `${right} of ${asked} right so far.`));
  if (passed === true) lines.push(element("p", "", "You passed. Real clips come next."));
  if (passed === false) lines.push(element("p", "", "That was not enough this time."));
  const next = button("accept", "Next clip", "any\u00a0key");
  next.addEventListener("click", onward);
  const box = element("div", correct ? "judged good" : "judged bad", ...lines, next);
  box.setAttribute("role", "status");
  return box;
}
