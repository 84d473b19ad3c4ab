// What every page does: keys, dialogs, toasts. Pages work without it.

document.documentElement.classList.add("js");
if (document.body.classList.contains("plane-home")) navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

export const typing = (event) =>
  event.target.closest?.("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey;

export function toast(text) {
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  document.getElementById("toasts").prepend(line);
}

function openKeys() {
  const keys = document.getElementById("keys");
  if (!keys.open) keys.showModal();
}

let afterG = -Infinity; // not 0: time starts with the page, and its first digit is an answer, not a place to go
document.addEventListener("keydown", (event) => {
  if (typing(event) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    openKeys();
  } else if (event.key === "g") {
    afterG = event.timeStamp;
  } else if (/^[1-9]$/.test(event.key) && event.timeStamp - afterG < 1500) {
    afterG = -Infinity;
    event.stopImmediatePropagation(); // the page's own digits mean something else
    document.querySelectorAll(".main-nav a")[Number(event.key) - 1]?.click();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens=keys]")) openKeys();
  const closes = event.target.closest("[data-closes]");
  const dialog = closes?.closest("dialog");
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

// A dialog that arrives from the server opens itself; when it closes, the browser gives the focus back.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "dialog-place") return;
  const dialog = event.detail.target.querySelector("dialog[data-modal]");
  if (dialog) {
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  } else {
    (document.querySelector("[data-item]") ?? document.getElementById("main")).focus();
  }
});

document.addEventListener("htmx:afterSettle", (event) => event.detail.target?.closest?.("#switches, #quick")?.querySelector("[autofocus]")?.focus());

new MutationObserver((changes) => {
  for (const line of changes.flatMap((change) => [...change.addedNodes])) {
    if (line instanceof HTMLElement) setTimeout(() => line.remove(), 12_000);
  }
}).observe(document.getElementById("toasts"), { childList: true });

// What takes longer than a blink shows that it is at work.
for (const [name, busy] of [["htmx:beforeRequest", "true"], ["htmx:afterRequest", "false"]]) {
  document.addEventListener(name, (event) => {
    if (event.detail.elt.matches("form:not(#find)")) event.detail.elt.querySelector("button")?.setAttribute("aria-busy", busy);
  });
}

document.addEventListener("htmx:responseError", (event) => {
  const said = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").body.textContent.trim();
  toast(said.slice(0, 300) || document.body.dataset.failed);
});
document.addEventListener("htmx:sendError", () => toast(document.body.dataset.unreachable));
