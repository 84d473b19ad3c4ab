// Lets the owner's side open from a phone's first screen. It keeps one page for when Earmark can't be reached, and
// nothing else: no history, no sound, no answer of the server ever lies in the browser's cache.

const KEPT = "earmark-offline-1";
const keep = () => caches.open(KEPT).then((cache) => cache.add("/offline"));

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  if (event.request.method === "GET") event.respondWith(fetch(event.request).catch(() => caches.match("/offline")));
  else if (new URL(event.request.url).pathname === "/language") event.respondWith(chosen(event));
});

// After a choice of language the kept page is fetched again, so that it is in that language too.
async function chosen(event) {
  const answer = await fetch(event.request);
  event.waitUntil(keep());
  return answer;
}
