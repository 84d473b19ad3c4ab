// A device in the browser: a tap or the space bar is the wake. The microphone is not even open before it.

import { toast, typing } from "./page.js";

const root = document.querySelector(".talk");
const orb = root.querySelector(".orb");
const mute = root.querySelector(".mute");
const said = root.querySelector(".said");
const reply = root.querySelector(".exchange .reply");
const kept = root.querySelector(".kept");
const LONGEST = 20_000; // ms; the assistant ends after 15 s, this is for a lost wire

// As every other device hears it: the models know plain sound, and nothing plays while the microphone is open.
const RAW = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const WORDS = JSON.parse(document.getElementById("talk-words").textContent); // in the page's language
let state = "starting";
let socket = null;
let capture = null;
let pause = 500;
let turn = 0; // grows with each wake, so that late events of an earlier one change nothing

function become(next, note = "") {
  state = next;
  root.dataset.state = next;
  root.querySelector(".talk-state").textContent = WORDS[next];
  root.querySelector(".talk-sends").textContent = note || WORDS[`${next}.sends`];
  root.querySelector(".orb-label").textContent = WORDS[`${next}.label`];
  orb.disabled = next === "starting" || next === "thinking" || next === "muted";
}

function rest() {
  if (mute.getAttribute("aria-pressed") === "true") become("muted");
  else become(socket?.readyState === WebSocket.OPEN ? "ready" : "starting");
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/api/talk`);
  socket.addEventListener("open", () => {
    pause = 500;
    if (state === "starting" || state === "problem") rest();
  });
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => {
    const busy = state === "listening" || state === "thinking";
    closeMicrophone();
    if (event.code === 1008) return become("problem", WORDS.signed_out);
    if (busy) become("problem", WORDS.cut);
    else if (pause > 1500) become("problem", WORDS.unreachable);
    else if (state !== "speaking" && state !== "muted") become("starting");
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 15_000);
  });
}

function take(message) {
  if (message.type === "partial") {
    show(said, message.text, true);
  } else if (message.type === "stop") {
    closeMicrophone();
    if (state === "listening") become("thinking");
  } else if (message.type === "reply") {
    closeMicrophone();
    show(said, message.heard ?? "");
    show(reply, message.text);
    kept.hidden = !message.interaction;
    if (message.interaction) kept.href = `/history/${message.interaction}`;
    (message.actions ?? []).forEach(act);
    speak(message.text);
  } else if (message.type === "actions") {
    (message.actions ?? []).forEach(act);
  } else if (message.type === "error") {
    closeMicrophone();
    become("problem", message.message);
  }
}

function show(line, text, partial = false) {
  line.hidden = !text;
  line.textContent = line === said && text ? `“${text}”` : text;
  line.classList.toggle("partial", partial);
}

async function wake() {
  speechSynthesis.cancel();
  if (socket?.readyState !== WebSocket.OPEN) return;
  const mine = ++turn;
  show(said, "");
  show(reply, "");
  kept.hidden = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: RAW });
  } catch {
    return become("problem", WORDS.no_microphone);
  }
  if (mine !== turn) return stream.getTracks().forEach((track) => track.stop());
  const context = new AudioContext();
  await context.audioWorklet.addModule(root.dataset.worklet);
  if (mine !== turn || socket.readyState !== WebSocket.OPEN) {
    stream.getTracks().forEach((track) => track.stop());
    return context.close();
  }
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  capture = { stream, context, node, timer: setTimeout(() => send("end"), LONGEST) };
  socket.send(JSON.stringify({ type: "wake", word: "tap", at: new Date().toISOString() }));
  become("listening");
  node.port.onmessage = ({ data }) => {
    if (mine !== turn || !capture || socket.readyState !== WebSocket.OPEN) return;
    socket.send(data.pcm);
    root.style.setProperty("--level", (1.06 + Math.min(0.34, data.level * 3)).toFixed(3));
  };
  context.createMediaStreamSource(stream).connect(node);
}

function closeMicrophone() {
  if (!capture) return;
  clearTimeout(capture.timer);
  capture.node.port.onmessage = null;
  capture.node.port.postMessage("stop");
  capture.stream.getTracks().forEach((track) => track.stop());
  capture.context.close();
  capture = null;
}

function send(type) {
  closeMicrophone();
  turn++;
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, reason: "tap" }));
  if (type === "end") become("thinking");
  else rest();
}

function speak(text) {
  const mine = turn;
  const done = () => state === "speaking" && mine === turn && rest();
  become("speaking");
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = "en";
  utterance.volume = volume;
  utterance.onend = utterance.onerror = done;
  speechSynthesis.speak(utterance);
  // Without a voice on this machine no event comes; the words stand on the page.
  setTimeout(() => !speechSynthesis.speaking && done(), 1500);
  setTimeout(done, 3000 + 90 * text.length);
}

const alarms = new Map();
let volume = 1;
function act({ kind, data }) {
  const [what, how] = kind.split(".");
  if (how === "cancel") {
    clearTimeout(alarms.get(data.id));
    alarms.delete(data.id);
  } else if (what === "timer" || what === "alarm") {
    const wait = Math.max(0, Date.parse(data.due) - Date.now());
    clearTimeout(alarms.get(data.id));
    if (wait < 2 ** 31) alarms.set(data.id, setTimeout(() => ring(what, data.label), wait));
  } else if (what === "volume") {
    if (how === "mute") volume = data.on ? 0 : 1;
    else volume = Math.max(0, Math.min(1, (how === "change" ? volume : 0) + data.percent / 100));
  }
}

function ring(what, label) {
  toast(label ? WORDS[`${what}.label`].replace("{label}", () => label) : WORDS[what]);
  const context = new AudioContext();
  const gain = new GainNode(context, { gain: 0 });
  const tone = new OscillatorNode(context, { frequency: 660 });
  tone.connect(gain).connect(context.destination);
  for (let beat = 0; beat < 6; beat++) {
    gain.gain.setTargetAtTime(0.25, context.currentTime + beat * 0.6, 0.02);
    gain.gain.setTargetAtTime(0, context.currentTime + beat * 0.6 + 0.25, 0.05);
  }
  tone.start();
  tone.stop(context.currentTime + 4);
  tone.onended = () => context.close();
}

function press() {
  if (state === "listening") send("end");
  else if (["ready", "speaking", "problem"].includes(state)) wake();
}

orb.addEventListener("click", press);
mute.addEventListener("click", () => {
  const on = mute.getAttribute("aria-pressed") !== "true";
  mute.setAttribute("aria-pressed", String(on));
  mute.querySelector("span").textContent = on ? WORDS.muted : WORDS.mute;
  if (on && state === "listening") send("cancel");
  if (on) speechSynthesis.cancel();
  rest();
});
document.addEventListener("keydown", (event) => {
  if (typing(event) || document.querySelector("dialog[open]") || event.repeat) return;
  if (event.key === " " && !event.target.closest("a, button:not(.orb)")) press();
  else if (event.key === "m") mute.click();
  else if (event.key === "Escape" && state === "listening") send("cancel");
  else return;
  event.preventDefault();
});
addEventListener("pagehide", () => {
  speechSynthesis.cancel();
  closeMicrophone();
});

become("starting");
connect();
