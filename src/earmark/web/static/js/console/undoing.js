// "Sent. Undo": the line that offers the last answer back for as long as the server takes it back.

import { $ } from "./dom.js";

const SECONDS = 30; // as the server has it; counted from the answer, whatever this machine's clock says
let timer = 0;

export function offerUndo(queue) {
  const line = $(".undo-line");
  const item = queue.last;
  clearInterval(timer);
  line.hidden = !item;
  if (!item) return;
  item.ends ??= performance.now() + SECONDS * 1000;
  const tick = () => {
    const seconds = Math.ceil((item.ends - performance.now()) / 1000);
    $(".undo-left").textContent = `${Math.max(0, seconds)} s`;
    if (seconds > 0 && queue.last === item) return;
    if (queue.last === item) queue.last = null;
    clearInterval(timer);
    line.hidden = true;
  };
  tick();
  timer = setInterval(tick, 500);
}
