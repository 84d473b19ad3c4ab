// The reviewer's rhythm: hear, answer, next. What is heard next lies decoded in memory before the answer is given; the
// answer leaves in the background. Each part has a module of its own under console/.

import { call } from "./console/api.js";
import { Asking, Colleagues } from "./console/consult.js";
import { $, root } from "./console/dom.js";
import { given, judgement } from "./console/judged.js";
import { listen } from "./console/keys.js";
import { Player } from "./console/player.js";
import { Queue } from "./console/queue.js";
import { ask } from "./console/questions.js";
import { rest } from "./console/resting.js";
import { at } from "./console/sound.js";
import { merge, share, without } from "./console/spans.js";
import { offerUndo } from "./console/undoing.js";
import { Wave } from "./console/wave.js";
import { toast } from "./page.js";

const words = JSON.parse(document.getElementById("console-words").textContent);
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const FIRST = "Listen to all of it first.";
const POLL = 15_000;
const ASLEEP = 15_000; // a heartbeat that comes this late: the machine slept
const timings = (window.earmarkTimings = []); // milliseconds from the key that sent an answer to the next clip's sound

let shown = null;
let question = null;
let judging = null; // a training clip's answer, until a key is pressed
let pressed = 0; // when the last key or click was, by the page's clock
let typedAt = 0;
let keptAt = Date.now();

const player = new Player({ changed: showPlaying, heard: showHeard });
const wave = new Wave(player, {
  seek: (seconds) => player.seek(seconds),
  chosen(span, done) {
    wave.span = span;
    wave.draw();
    asking.redraw();
    if (done) player.playSpans([span]);
  },
});
const asking = new Asking({ shown: () => shown, question: () => question, player, wave, note, rest: focusQuestion }, words.languages);
const colleagues = new Colleagues({ opens: () => player.stop() }, words.languages);
const queue = new Queue(root.dataset.api, {
  front: () => judging || advance(),
  lost() {
    player.unload(); // not a sound more of it
    if (judging) return;
    question = null;
    advance();
    note("The last clip was taken back. Here is what comes next.");
  },
  prepare: (sound) => at(sound, player.speed),
  loaded: showAhead,
  note,
  sending: showSending,
  sent: () => offerUndo(queue),
  kept({ consults, asked }) {
    asking.took(consults ?? []);
    colleagues.badge(asked ?? 0);
  },
});

// ------------------------------------------------------------------------------------------------ one clip, then the next

/** Show what is in front. The sound starts first: nothing that is drawn stands between an answer and the next clip. */
function advance(stamp = 0) {
  keepWritten();
  if (shown && shown !== queue.front) player.unload();
  if (shown && shown === queue.front) return;
  shown = queue.front;
  if (shown) shown.since ??= performance.now();
  if (shown?.sound) start(shown, stamp);
  showAhead();
  if (!shown) return empty();
  show(shown);
  const clip = shown;
  if (!clip.sound) {
    clip.loaded.then(() => {
      if (shown !== clip) return;
      if (clip.sound) start(clip, stamp);
      else note(clip.trouble);
    });
  }
}

function start(clip, stamp) {
  player.load(clip);
  const due = player.play();
  if (stamp && !player.blocked) timings.push(due - stamp);
  $(".play").disabled = false;
}

function show(clip) {
  const { task } = clip;
  root.dataset.state = "ready";
  root.dataset.kind = task.spec.kind;
  $(".question").textContent = task.spec.title;
  $(".console-hint").textContent = task.blind ? "Write it down without help." : task.spec.hint;
  $(".training-banner").hidden = !task.training;
  $(".console-note").hidden = true;
  $(".play").disabled = !clip.sound;
  asking.stop(false);
  const tools = { words, submit: send, spans: (spans) => player.playSpans(spans), typed, label: () => showHeard(), rest: () => $(".answers").focus({ preventScroll: true }) };
  $(".unsure-line").textContent = "";
  question = { accept: () => "" }; // until it is built
  question = ask(clip, tools);
  $(".answers").replaceChildren(...(task.answers?.length ? given(task.answers, task.spec, words) : []), question.element);
  question.focus();
  clip.drafted = JSON.stringify(question.draft()); // as it stands before anything is typed
  if (clip.undone) note("Your answer is back, as you gave it.");
  else if (clip.returned) note("What you had written is back.");
  $(".aloud").textContent = `${$(".question").textContent} ${$(".console-hint").textContent}`;
  asking.show();
  showHeard();
  wave.draw();
}

function focusQuestion() {
  if (shown) question.focus();
}

// -------------------------------------------------------------------------------------------------------- sending answers

const heardEnough = (clip) => share(clip.task.speech, player.heard) >= clip.task.spec.needs_heard - 0.001;

function send(answer) {
  const clip = shown;
  if (!clip || judging || !answer) return;
  if (!clip.sound || !heardEnough(clip)) return listenFirst(clip);
  const stamp = pressed;
  player.stop();
  clearTimeout(typedAt);
  question = null;
  if (!queue.lead) $(".own-today").textContent = Number($(".own-today").textContent) + 1;
  const item = queue.submit(clip, answer);
  if (clip.task.training) return judge(item);
  offerUndo(queue);
  advance(stamp);
}

function listenFirst(clip) {
  note(FIRST);
  if (!clip.sound) return;
  const missing = merge(without(clip.task.speech, player.heard).map(([start, end]) => [start - 0.12, end + 0.12]));
  player.playSpans(missing.length ? missing : [[0, player.seconds]]);
}

/** A training clip: whether it was right, until a key is pressed. */
async function judge(item) {
  judging = item;
  shown = null;
  player.unload();
  root.dataset.state = "checking";
  const reply = await item.done;
  if (!reply?.training) {
    judging = null;
    return advance();
  }
  root.dataset.state = "judged";
  $(".answers").replaceChildren(judgement(reply.training, item.answer, item.clip.task.spec, words, afterJudging));
  $(".training-banner").hidden = false;
  $(".answers").focus({ preventScroll: true });
}

function afterJudging() {
  judging = null;
  advance(pressed);
}

async function undo() {
  if (judging || !queue.last) return;
  $(".undo-line").hidden = true;
  try {
    await queue.undo();
    const today = $(".own-today");
    today.textContent = Math.max(0, Number(today.textContent) - 1);
  } catch (error) {
    note(error.status === 409 ? "It is too late to take that one back." : error.message);
  }
}

/** The clip in front goes unanswered; `send` says how. */
function letGo(send) {
  const clip = shown;
  if (!clip || judging) return false;
  player.unload();
  shown = null;
  clip.sound = null;
  send(clip);
  advance(pressed);
  return true;
}

function flag() {
  const kind = $(".flag-kind");
  if (!letGo((clip) => queue.flag(clip, kind.value))) return;
  kind.selectedIndex = 0;
  toast("Hidden for everybody. A safety officer decides about it. Take a break if you need one.");
}

const giveBack = () => letGo((clip) => queue.release(clip).catch(() => {}));

// ----------------------------------------------------------------------------------------------------------------- drafts

function typed() {
  clearTimeout(typedAt);
  typedAt = setTimeout(keepWritten, 600);
}

function keepWritten() {
  clearTimeout(typedAt);
  const draft = shown && question?.draft?.();
  if (!draft || JSON.stringify(draft) === shown.drafted) return;
  shown.drafted = JSON.stringify(draft);
  queue.draft(shown, draft);
}

// ------------------------------------------------------------------------------------------------------- what the page says

function note(text) {
  const line = $(".console-note");
  line.textContent = text;
  line.hidden = !text;
}

function showPlaying() {
  $(".play").dataset.playing = String(player.playing);
  $(".play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  root.toggleAttribute("data-blocked", player.blocked);
  wave.draw();
  clearInterval(showPlaying.timer);
  if (player.playing) showPlaying.timer = setInterval(showHeard, 120);
}

/** How much was heard, and what the send button says about it. */
function showHeard() {
  if (!shown || !question) return;
  const { needs_heard: needed } = shown.task.spec;
  const part = share(shown.task.speech, player.clip === shown ? player.heard : shown.heard);
  const enough = part >= needed - 0.001;
  root.dataset.heard = enough ? "enough" : "waits";
  if (enough && $(".console-note").textContent === FIRST) note("");
  root.style.setProperty("--heard", needed ? Math.min(1, part / needed) : 1);
  const text = question.accept();
  $(".accept-line").hidden = !text;
  $(".accept-line .accept-text").textContent = enough ? text : "Listen to all of it first";
  $(".waits").hidden = enough || Boolean(text);
  $(".wave-time").textContent = player.seconds ? `${player.position.toFixed(1)} / ${player.seconds.toFixed(1)} s` : "";
}

function showAhead() {
  $(".ahead").dataset.ready = queue.ready;
  $(".ahead").title = `${queue.ready} ready after this one`;
}

function showSending(count, troubled) {
  root.dataset.saving = troubled ? "troubled" : count ? "busy" : "saved";
  $(".saving").textContent = troubled ? "No connection: kept here and tried again" : count ? "Saving…" : "Saved";
  showAhead();
}

/** Nothing in front: wait for what is being sent, then say why. */
async function empty() {
  question = null;
  player.unload();
  wave.draw();
  root.dataset.state = "waiting";
  $(".play").disabled = true;
  $(".accept-line").hidden = true;
  $(".answers").replaceChildren();
  $(".training-banner").hidden = true;
  asking.stop(false);
  asking.show();
  await queue.settled();
  if (shown || judging) return;
  rest(queue);
}

// ------------------------------------------------------------------------------------------------------------ preferences

function prefer(changes) {
  if ("volume" in changes) player.volume = changes.volume;
  else player.set(changes);
  showPreferences();
  for (const clip of queue.clips) if (clip.sound) setTimeout(() => clip.sound && at(clip.sound, player.speed));
  clearTimeout(prefer.timer);
  const { speed, loop, skip, volume } = player;
  prefer.timer = setTimeout(() => call("/api/review/preferences", { speed, loop, skip_silence: skip, volume }).catch(() => {}), 400);
}

function showPreferences() {
  $(".speed").textContent = `${player.speed}×`;
  $(".loop").setAttribute("aria-pressed", String(player.loop));
  $(".skip-silence").setAttribute("aria-pressed", String(player.skip));
  $(".volume").value = player.volume;
}

function faster(step) {
  const place = SPEEDS.indexOf(player.speed) + step;
  if (SPEEDS[place]) prefer({ speed: SPEEDS[place] });
}

// ------------------------------------------------------------------------------------------------------- keys and buttons

const actions = {
  toggle: () => player.toggle(),
  back: () => player.back(2),
  slower: () => faster(-1),
  faster: () => faster(1),
  loop: () => prefer({ loop: !player.loop }),
  skip: () => prefer({ skip: !player.skip }),
  undo,
  giveBack,
  help: () => queue.lead || asking.start(),
  colleague: () => colleagues.open(),
  flag,
  digit: (n) => question?.choose(n),
  enter: () => question?.accept() && send(question.answer()),
  first(name, event) {
    if (judging && root.dataset.state === "judged" && !["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(event.key)) {
      if (!event.repeat) afterJudging();
      return true;
    }
    return question?.key?.(name, event) ?? false;
  },
};
for (const type of ["keydown", "pointerdown", "click"]) {
  addEventListener(type, (event) => {
    pressed = event.timeStamp;
    player.unlock();
  }, true);
}
listen(actions);
const on = (selector, action) => $(selector).addEventListener("click", (event) => action(event));
on(".play", actions.toggle);
on(".back", actions.back);
on(".slower", actions.slower);
on(".faster", actions.faster);
on(".loop", actions.loop);
on(".skip-silence", actions.skip);
on(".flag", flag);
on(".give-back", giveBack);
on(".undo", undo);
on(".try-again", async () => {
  await call("/api/review/training", {}).catch(() => {});
  location.reload();
});
on(".help", actions.help);
on(".asked", actions.colleague);
on(".accept-line .accept", actions.enter);
$(".volume").addEventListener("input", (event) => prefer({ volume: Number(event.target.value) }));

// ---------------------------------------------------------------------------------------------------- coming, staying, going

async function open() {
  try {
    const preferences = await queue.open();
    if (preferences) {
      const { speed = 1, loop = false, skip_silence: skip = false, volume = 1 } = preferences;
      player.set({ speed: SPEEDS.includes(speed) ? speed : 1, loop, skip, volume });
      showPreferences();
    }
    if (!queue.front) empty();
  } catch (error) {
    note(error.status ? error.message : "Earmark can't be reached. It is tried again.");
    if (!queue.front) empty();
  }
}

async function keep() {
  const late = Date.now() - keptAt > ASLEEP;
  keptAt = Date.now();
  if (late && queue.clips.length) return open();
  await queue.keep().catch(() => {});
  showAhead();
}

async function poll() {
  if (document.hidden || judging) return;
  try {
    await queue.refill();
  } catch {
    // the next one tells
  }
  if (!queue.front) empty();
}

setInterval(keep, Number(root.dataset.heartbeat) * 1000);
setInterval(poll, POLL);
document.addEventListener("visibilitychange", () => (document.hidden ? keepWritten() : keep()));
addEventListener("pagehide", () => {
  keepWritten();
  player.unload();
  shown = question = null;
  queue.close();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) queue.reopen().catch(() => {});
});
open();
