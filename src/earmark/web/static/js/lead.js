// The board brings itself up to date every five seconds: not while nobody looks, and not after it was stopped.

const live = document.getElementById("live");
const toggle = document.getElementById("live-toggle");
let stopped = false;

function show(state) {
  toggle.querySelector("span").textContent = toggle.dataset[state];
  toggle.classList.toggle("off", state !== "on");
  toggle.setAttribute("aria-pressed", String(state === "on"));
}

live.addEventListener("htmx:beforeRequest", (event) => {
  if (stopped || document.hidden) event.preventDefault();
});
live.addEventListener("htmx:afterRequest", (event) => {
  if (!stopped) show(event.detail.successful ? "on" : "lost");
});
// One quiet word on the button instead of a message every five seconds.
for (const name of ["htmx:sendError", "htmx:responseError"]) live.addEventListener(name, (event) => event.stopPropagation());

toggle.addEventListener("click", () => {
  stopped = !stopped;
  show(stopped ? "off" : "on");
  if (!stopped) live.dispatchEvent(new Event("live"));
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !stopped) live.dispatchEvent(new Event("live"));
});
