// Recordings: a play button and a waveform each. A sound is fetched when it is played, not before.

import { typing } from "./page.js";

const nonce = document.querySelector("meta[name=csp-nonce]").content;
const { dataset: given } = document.getElementById("player-script"); // where wavesurfer lies, and words in the page's language
const drawing = import(given.wavesurfer); // not waited for: the keys work before it is there
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;
const ICONS = {
  play: '<svg class="icon play-icon" viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M7 4.5v15l12-7.5z"/></svg>',
  pause: '<svg class="icon pause-icon" viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M6 5h4v14H6zm8 0h4v14h-4z"/></svg>',
};
let playing = null;

function dress(place) {
  if (place.dataset.ready) return;
  place.dataset.ready = "yes";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "play";
  button.dataset.playing = "false";
  button.innerHTML = ICONS.play + ICONS.pause;
  button.setAttribute("aria-label", given.play);
  const wave = document.createElement("div");
  wave.className = "wave";
  const time = document.createElement("span");
  time.className = "player-time";
  const length = Number(place.dataset.seconds);
  time.textContent = length ? clock(length) : "";
  place.append(button, wave, time);
  let surfer = null;
  let beginning = false;

  const show = (on) => {
    button.dataset.playing = String(on);
    button.setAttribute("aria-label", on ? given.pause : given.play);
  };
  const begin = async () => {
    if (beginning) return;
    beginning = true;
    const { default: WaveSurfer } = await drawing;
    surfer = WaveSurfer.create({
      container: wave, url: place.dataset.sound, height: 40, cspNonce: nonce, normalize: true,
      waveColor: colour("--line-strong"), progressColor: colour("--accent"), cursorColor: colour("--accent"),
      barWidth: 2, barGap: 2, barRadius: 2, cursorWidth: 2,
    });
    surfer.on("ready", () => surfer.play());
    surfer.on("play", () => {
      if (playing && playing !== surfer) playing.pause();
      playing = surfer;
      show(true);
    });
    surfer.on("pause", () => show(false));
    surfer.on("finish", () => show(false));
    surfer.on("timeupdate", (at) => (time.textContent = clock(at)));
    surfer.on("error", () => (time.textContent = given.gone));
  };
  const toggle = () => (surfer ? surfer.playPause() : begin());
  button.addEventListener("click", toggle);
  wave.addEventListener("click", () => surfer || begin());
}

const dressAll = () => document.querySelectorAll(".player").forEach(dress);
dressAll();
document.addEventListener("htmx:afterSettle", dressAll);

const items = () => [...document.querySelectorAll("[data-item]")];
function move(step) {
  const all = items();
  const at = all.indexOf(document.activeElement.closest("[data-item]"));
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (event) => {
  if (typing(event) || document.querySelector("dialog[open]")) return;
  const item = document.activeElement.closest("[data-item]") ?? (items().length === 1 ? items()[0] : null);
  if (event.key === "j" || event.key === "ArrowDown") move(1);
  else if (event.key === "k" || event.key === "ArrowUp") move(-1);
  else if (event.key === "p") item?.querySelector(".play")?.click();
  else if (event.key === "d") item?.querySelector(".delete")?.click();
  else if (event.key === "x") item?.querySelector(".pick")?.click();
  else if (event.key === "/") document.getElementById("q")?.focus();
  else return;
  event.preventDefault();
});
