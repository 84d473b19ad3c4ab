// Small helpers for what the scripts build.

export const root = document.querySelector(".console");
export const $ = (selector) => root.querySelector(selector);

export function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(className, text, keys = "") {
  const made = element("button", className, element("span", "", text));
  made.type = "button";
  if (keys) made.append(" ", keyed(keys));
  return made;
}

export const keyed = (keys) => {
  const made = element("span", "keycap");
  made.setAttribute("aria-hidden", "true");
  made.append(...keys.split(" ").map((key) => element("kbd", "", key)));
  return made;
};

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;
export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
