// The reviewer's rhythm: hear, answer, next. One clip at a time under a lease; the answer brings the next one.

import { toast, typing } from "./page.js";

const root = document.querySelector(".console");
const words = JSON.parse(document.getElementById("console-words").textContent);
const nonce = document.querySelector("meta[name=csp-nonce]").content;
const { default: WaveSurfer } = await import(document.getElementById("console-script").dataset.wavesurfer);
const $ = (selector) => root.querySelector(selector);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const lead = root.dataset.api === "/api/lead";
const HINTS = {
  wake: "Listen for the wake word only.",
  transcript: "Write what you hear, nothing more. The words are a first guess.",
  understood: "Compare what was said with what Earmark made of it.",
};
let task = null;
let busy = false;
let loop = false;
let choose = () => {};
let send = null;
let beat = 0;
let poll = 0;

const surfer = WaveSurfer.create({
  container: $(".wave"), height: 96, normalize: true, cspNonce: nonce, barWidth: 3, barGap: 2, barRadius: 3, cursorWidth: 2,
  waveColor: colour("--line-strong"), progressColor: colour("--accent"), cursorColor: colour("--accent"),
});
const showPlaying = (on) => {
  $(".play").dataset.playing = String(on);
  $(".play").setAttribute("aria-label", on ? "Pause" : "Play");
};
surfer.on("play", () => showPlaying(true));
surfer.on("pause", () => showPlaying(false));
surfer.on("finish", () => (loop ? surfer.play() : showPlaying(false)));

async function call(path, body = {}, options = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": root.dataset.csrf },
    body: JSON.stringify(body),
    ...options,
  });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.error?.message ?? "That did not work."), { status: answer.status });
  return said;
}

const held = () => ({ task: task.id, fence: task.fence });

async function next(path = `${root.dataset.api}/next`, body = {}) {
  clearTimeout(poll);
  if (busy) return;
  busy = true;
  root.dataset.state = "waiting";
  let following = null;
  try {
    following = (await call(path, body)).task;
  } catch (error) {
    busy = false;
    if (error.status === 409) {
      note("This clip was taken back or given to somebody else. Here is the next one.");
      clear();
      return next();
    }
    if (error.status === 401) return location.assign("/sign-in");
    root.dataset.state = task ? "ready" : "empty";
    note(error.message);
    return;
  }
  busy = false;
  clear();
  if (following) await show(following);
  else rest();
}

function clear() {
  clearInterval(beat);
  surfer.pause();
  surfer.empty();
  task = send = null;
  choose = () => {};
  $(".answers").replaceChildren();
  $(".play").disabled = true;
}

function rest() {
  root.dataset.state = "empty";
  $(".question").textContent = lead ? "Ties to decide" : "Review";
  $(".console-hint").textContent = " ";
  poll = setTimeout(() => (document.hidden ? rest() : next()), 15_000);
}

async function show(following) {
  task = following;
  root.dataset.state = "ready";
  $(".console-note").hidden = true;
  $(".question").textContent = task.spec.title;
  $(".console-hint").textContent = task.spec.hint;
  ({ wake: askWake, transcript: askTranscript, understood: askUnderstood })[task.question](task.prefill);
  if (task.answers) showAnswers(task.answers);
  beat = setInterval(keep, Number(root.dataset.heartbeat) * 1000);
  const mine = task;
  const sound = await fetch(task.sound);
  if (mine !== task) return;
  if (!sound.ok) {
    if (sound.status === 409) return next();
    return note("The sound can't be played. Give it back, or try again.");
  }
  const data = await sound.blob();
  if (mine !== task) return;
  await surfer.loadBlob(data);
  surfer.setPlaybackRate(Number($(".speed").value));
  $(".play").disabled = false;
  surfer.play().catch(() => note("Press the play button: the browser plays sound only after a first click."));
}

async function keep() {
  try {
    if ((await call("/api/review/keep", { held: [held()] })).lost.length) throw Object.assign(new Error(), { status: 409 });
  } catch (error) {
    if (error.status !== 409) return;
    clear(); // its owner took it back, or it went to somebody else: not a sound more of it
    await next();
    note("The last clip was taken back.");
  }
}

function note(text) {
  const line = $(".console-note");
  line.textContent = text;
  line.hidden = false;
}

const element = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

function choices(options, onChoose) {
  const row = element("div", "choice-row");
  options.forEach(([value, text], i) => {
    const button = element("button", "choice secondary");
    button.type = "button";
    button.append(element("kbd", "", String(i + 1)), element("span", "", text));
    button.addEventListener("click", () => onChoose(value));
    row.append(button);
  });
  choose = (i) => options[i] && onChoose(options[i][0]);
  $(".answers").append(row);
  $(".answers").focus({ preventScroll: true }); // not an answer: nobody shall send one by habit
}

function submit(answer) {
  if (!task || busy) return;
  const client_key = crypto.randomUUID();
  const today = $(".own-today");
  if (today && !lead) today.textContent = Number(today.textContent) + 1;
  next(`${root.dataset.api}/submit`, lead ? { ...held(), answer } : { ...held(), client_key, answer });
}

function askWake({ word }) {
  const name = words.wake_words[word] ?? word;
  $(".question").textContent = `Was “${name}” said?`;
  choices([["said", "Yes, it was said"], ["not_said", "No"], ["unclear", "Can't tell"]], (value) => submit({ value }));
}

function askTranscript({ words: guessed = [] }) {
  const label = element("label", "", "What was said");
  label.htmlFor = "transcript";
  const box = element("textarea", "transcript");
  box.id = "transcript";
  box.rows = 2;
  box.maxLength = 1000;
  box.spellcheck = true;
  box.autocomplete = "off";
  box.value = guessed.map((word) => word.text).join(" ");
  const unsure = guessed.filter((word) => word.confidence < 0.6);
  const marks = element("p", "unsure small muted");
  if (unsure.length) {
    marks.append("Unsure: ", ...unsure.flatMap((word) => [element("mark", "", word.text), " "]));
  }
  const button = element("button", "accept");
  button.type = "button";
  button.append(element("span", "", "Send"), element("kbd", "", "Enter"));
  send = () => submit({ text: box.value });
  button.addEventListener("click", send);
  $(".answers").append(label, box, marks, button);
  box.focus();
  let at = 0;
  const first = guessed.find((word) => {
    if (word.confidence < 0.6) return true;
    at += word.text.length + 1;
    return false;
  });
  if (first) box.setSelectionRange(at, at + first.text.length);
  else box.setSelectionRange(box.value.length, box.value.length);
}

function askUnderstood({ text = "", intent = null, slots = {}, accepted = true }) {
  const facts = element("dl", "facts");
  const line = (name, value) => {
    const row = element("div", "");
    row.append(element("dt", "", name), element("dd", "", value));
    facts.append(row);
  };
  line("Heard", text ? `“${text}”` : "nothing");
  line("Understood", accepted && intent ? words.intents[intent] ?? intent : "No command");
  for (const [name, value] of Object.entries(slots)) line(name, value);
  $(".answers").append(facts);
  choices([["right", "Right"], ["wrong", "Wrong"]], (value) => (value === "right" ? submit({ value }) : askIntent(intent)));
}

function askIntent(wrong) {
  const form = element("div", "right-one");
  const label = element("label", "", "What did they want? Leave it open if you can't tell.");
  label.htmlFor = "intent";
  const list = element("select", "");
  list.id = "intent";
  list.append(new Option("I can't tell", ""));
  for (const [name, text] of Object.entries(words.intents)) if (name !== wrong) list.append(new Option(text, name));
  const button = element("button", "accept");
  button.type = "button";
  button.append(element("span", "", "Send"), element("kbd", "", "Enter"));
  send = () => submit(list.value ? { value: "wrong", intent: list.value } : { value: "wrong" });
  button.addEventListener("click", send);
  form.append(label, list, button);
  $(".answers .right-one")?.remove();
  $(".answers").append(form);
  list.focus();
}

function showAnswers(answers) {
  const list = element("ul", "given");
  for (const answer of answers) {
    list.append(element("li", "", "text" in answer ? `“${answer.text}”` : [answer.value, answer.intent].filter(Boolean).join(": ")));
  }
  $(".answers").prepend(element("p", "small muted", "They answered:"), list);
}

async function flag() {
  if (!task || busy) return;
  const kind = $(".flag-kind").value;
  const body = { ...held(), kind };
  surfer.pause();
  await next("/api/review/flag", body);
  $(".flag-kind").selectedIndex = 0;
  toast("Hidden for everybody. A safety officer decides about it. Take a break if you need one.");
}

async function giveBack() {
  if (!task || busy) return;
  const body = held();
  clear();
  try {
    await call("/api/review/release", body);
  } catch {
    // it goes back by itself when the lease ends
  }
  next();
}

const togglePlay = () => !$(".play").disabled && surfer.playPause();
const back = () => surfer.setTime(Math.max(0, surfer.getCurrentTime() - 2));
function speed(step) {
  const list = $(".speed");
  list.selectedIndex = Math.max(0, Math.min(list.options.length - 1, list.selectedIndex + step));
  surfer.setPlaybackRate(Number(list.value));
}

$(".play").addEventListener("click", togglePlay);
$(".back").addEventListener("click", back);
$(".flag").addEventListener("click", flag);
$(".give-back").addEventListener("click", giveBack);
$(".speed").addEventListener("change", () => speed(0));
$(".loop").addEventListener("click", () => {
  loop = !loop;
  $(".loop").setAttribute("aria-pressed", String(loop));
});

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const { key } = event;
  if (key === "`") flag();
  else if (event.ctrlKey && key === " ") togglePlay();
  else if (event.ctrlKey && key === ",") back();
  else if (key === "Enter" && send && !event.shiftKey && !event.target.closest("button, a")) send();
  else if (key === "Escape" && event.target.closest("textarea, select")) event.target.blur();
  else if (typing(event)) return;
  else if (key === " " && !event.target.closest(".console-foot, .sound-tools, .top, .foot")) togglePlay();
  else if (key === "ArrowLeft") back();
  else if (key === "-") speed(-1);
  else if (key === "+") speed(1);
  else if (key === "s") giveBack();
  else if (/^[1-9]$/.test(key)) choose(Number(key) - 1);
  else return;
  event.preventDefault();
});

addEventListener("pagehide", () => {
  if (!task) return;
  const body = held();
  clear();
  call("/api/review/release", body, { keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => event.persisted && next());

next();
