// Which key does what. Alt and Ctrl work inside the text box as well; Chromium takes none of these for itself.

const TABLE = {
  "Ctrl+Space": "toggle",
  "Ctrl+,": "back",
  "Alt+-": "slower",
  "Alt+=": "faster",
  "Alt++": "faster",
  "Alt+l": "loop",
  "Alt+j": "skip",
  "Alt+z": "undo",
  "Alt+u": "undo",
  "Alt+g": "giveBack",
  "Alt+h": "help",
  "Alt+c": "colleague",
  "`": "flag",
};
const OUTSIDE = {
  Space: "toggle",
  ArrowLeft: "back",
  "-": "slower",
  "+": "faster",
  "=": "faster",
  l: "loop",
  j: "skip",
  u: "undo",
  z: "undo",
  s: "giveBack",
  h: "help",
  c: "colleague",
};
const HELD = new Set(["back", "slower", "faster"]); // a key that stays down says these again, nothing else
const plain = /^[a-z0-9]$/;

/** `Alt+u`, `Ctrl+Space`, `s`: by letter, or by place where Alt makes another letter of it. */
export function nameOf(event) {
  const shifted = event.ctrlKey && event.altKey; // AltGr on Windows: it writes a letter
  const before = shifted || event.metaKey ? "" : event.altKey ? "Alt+" : event.ctrlKey ? "Ctrl+" : "";
  let key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (before === "Alt+" && !plain.test(key)) {
    const place = /^(?:Key|Digit)([A-Z0-9])$/.exec(event.code);
    if (place) key = place[1].toLowerCase();
    else if (event.code === "Minus") key = "-";
    else if (event.code === "Equal") key = "=";
  }
  return before + key;
}

const WRITES = "textarea, input:not([type=range]), select";

/**
 * `actions`: by the names above, `digit(n)`, `enter(event)`, and `first(name, event)`, which may take a key before all
 * others (marks in the text box, any key after a training clip) by returning true.
 */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const name = nameOf(event);
    const writing = event.target.closest(WRITES);
    if (actions.first(name, event)) return event.preventDefault();
    let action = TABLE[name];
    if (!action && name === "Enter" && !event.shiftKey && !event.target.closest("button, a, summary, .own-enter")) action = "enter";
    if (!action && name === "Escape" && writing) return writing.blur();
    if (!action && !writing && /^[1-9]$/.test(name)) action = "digit";
    if (!action && !writing && !(name === "Space" && event.target.closest(".console-foot, .sound-tools, .top, .foot, .ask"))) {
      action = event.metaKey ? null : OUTSIDE[name];
    }
    if (!action) return;
    event.preventDefault();
    if (event.repeat && !HELD.has(action)) return;
    if (action === "digit") actions.digit(Number(name) - 1, event);
    else actions[action](event);
  });
}
