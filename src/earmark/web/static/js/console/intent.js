// Was it understood right? If not: what was wanted, picked or written, with its details.

import { element } from "./dom.js";
import { choices, facts } from "./questions.js";

const NAME = /^[A-Za-z][\w.-]{0,63}$/;

export function intent({ task, draft }, tools) {
  const { prefill, spec } = task;
  const body = element("div", "question-body");
  let form = null;
  let open = false;
  const choose = (value) => (value === "wrong" ? wrong() : tools.submit({ value }));
  const understood = heard(prefill, tools.words);
  const options = choices(spec.options, { before: draft?.value, choose });
  const wrong = () => {
    form ??= rightOne(prefill, draft, tools);
    open = true;
    body.replaceChildren(understood, form.element);
    tools.label("Send");
    form.focus();
  };
  const back = () => {
    open = false;
    body.replaceChildren(understood, options);
    tools.label("");
    tools.rest();
  };
  body.append(understood, options);
  return {
    element: body,
    focus: () => (draft?.value === "wrong" ? wrong() : tools.rest()),
    choose: (n) => !open && spec.options[n] && choose(spec.options[n].value),
    accept: () => (open ? "Send" : ""),
    answer: () => (open ? form.answer() : null),
    draft: () => (open ? form.draft() : null),
    key(name) {
      if (name !== "Escape" || !open) return false;
      back();
      return true;
    },
  };
}

function heard({ text, accepted, intent: name, slots }, words) {
  const details = Object.entries(slots ?? {}).map(([slot, value]) => `${words.slots[slot] ?? slot}: ${value}`);
  const taken = accepted !== false && name ? [words.intents[name] ?? name, ...details].join(" · ") : "No command";
  return facts([["Heard", text ? `“${text}”` : "nothing"], ["Understood", taken]]);
}

/** The form: a list to type into, and details as rows; there is always one empty row more. */
function rightOne({ intent: guessed, slots = {} }, draft, tools) {
  const known = Object.entries(tools.words.intents).filter(([name]) => name);
  const field = Object.assign(element("input"), { id: "intent", autocomplete: "off", spellcheck: false, maxLength: 100 });
  field.setAttribute("list", "intents");
  field.placeholder = "Type to search, or leave it open if you can't tell";
  const list = element("datalist", "", ...known.map(([name, text]) => new Option(text, text, false, false)));
  list.id = "intents";
  const label = element("label", "", "They wanted");
  label.htmlFor = "intent";
  const rows = element("div", "slots");
  const names = element("datalist", "", ...Object.entries(tools.words.slots).map(([name, text]) => new Option(text, name)));
  names.id = "slot-names";
  const problem = element("p", "small problem");
  problem.setAttribute("role", "alert");

  const add = (name = "", value = "") => {
    const n = rows.children.length + 1;
    const [first, second] = [["Detail", name, "name"], ["Value", value, "value"]].map(([said, text, className]) => {
      const made = Object.assign(element("input", className), { value: text, autocomplete: "off", spellcheck: false, maxLength: className === "name" ? 64 : 200, placeholder: said });
      made.setAttribute("aria-label", `${said} ${n}`);
      return made;
    });
    first.setAttribute("list", "slot-names");
    rows.append(element("div", "slot", first, second));
  };
  const entered = () => [...rows.children].map((row) => [...row.children].map((input) => input.value.trim()));
  const nameFor = (text) => known.find(([name, said]) => text === said || text === name)?.[0] ?? text;
  const collect = () => {
    const made = { value: "wrong" };
    if (field.value.trim()) made.intent = nameFor(field.value.trim());
    const filled = entered().filter(([name, value]) => name && value);
    if (filled.length) made.slots = Object.fromEntries(filled);
    return made;
  };
  const start = draft?.value === "wrong" ? draft : { slots };
  field.value = start.intent ? tools.words.intents[start.intent] ?? start.intent : "";
  for (const [name, value] of Object.entries(start.slots ?? {})) add(name, value);
  add();
  const form = element("div", "right-one", label, field, list, element("span", "slots-head", "Details"), rows, names, problem);
  form.addEventListener("input", () => {
    const last = entered().at(-1);
    if ((last[0] || last[1]) && rows.children.length < 20) add();
    problem.textContent = "";
    tools.typed();
  });
  return {
    element: form,
    focus: () => field.focus({ preventScroll: true }),
    draft: collect,
    answer() {
      const made = collect();
      const wrongly = [made.intent, ...Object.keys(made.slots ?? {})].find((name) => name !== undefined && !NAME.test(name));
      const half = entered().some(([name, value]) => Boolean(name) !== Boolean(value));
      if (wrongly !== undefined) problem.textContent = "A new name is one word of letters, digits, dots and dashes, like setTimer.";
      else if (half) problem.textContent = "A detail needs both its name and its value.";
      else if (made.intent === guessed && guessed && same(made.slots ?? {}, slots)) problem.textContent = "That is what Earmark understood. Change something, or press Esc and then 1 if it was right.";
      else return made;
      return null;
    },
  };
}

const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
