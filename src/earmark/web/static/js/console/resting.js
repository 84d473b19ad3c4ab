// Nothing in front: why, in the server's words, and for how long.

import { $, clock, root } from "./dom.js";

let timer = 0;

/** Show why there is nothing. `usual` is said where the server says nothing. */
export function rest({ why, lead }) {
  const { code, text, until } = why ?? { code: "nothing", text: "", until: null };
  root.dataset.state = "empty";
  root.dataset.why = code;
  $(".question").textContent = lead ? "Ties to decide" : "Review";
  $(".console-hint").textContent = "\u00a0";
  const title = root.querySelector(`.why-title[data-why="${code}"]`) ?? root.querySelector(".why-title");
  for (const each of root.querySelectorAll(".why-title")) each.hidden = each !== title;
  $(".why-text").textContent = lead || code === "nothing" || !text ? $(".why-text").dataset.usual : text;
  $(".try-again").hidden = code !== "training-failed";
  $(".aloud").textContent = `${title.textContent}. ${$(".why-text").textContent}`;
  countDown(until);
}

function countDown(until) {
  clearInterval(timer);
  const line = $(".why-until");
  const tick = () => {
    const seconds = (Date.parse(until) - Date.now()) / 1000;
    line.hidden = !(until && seconds > 0);
    if (seconds <= 0) clearInterval(timer);
    const hours = Math.floor(seconds / 3600);
    line.textContent = hours >= 1 ? `${hours} h ${Math.floor((seconds / 60) % 60)} min` : clock(Math.max(0, seconds));
  };
  tick();
  if (until) timer = setInterval(tick, 1000);
}
