// One way to talk to the server. An error has the server's own sentence, or none of its status when nobody answered.

import { root } from "./dom.js";

export async function call(path, body = {}, options = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": root.dataset.csrf },
    body: JSON.stringify(body),
    ...options,
  });
  if (answer.status === 401) location.assign("/sign-in");
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw Object.assign(new Error(said.error?.message ?? "That did not work."), { status: answer.status, code: said.error?.code });
}
