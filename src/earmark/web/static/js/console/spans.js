// Stretches of seconds, [[start, end]…]: what was said, what was played, what is missing.

export function merge(spans) {
  const merged = [];
  for (const [start, end] of spans.filter(([a, b]) => b > a).sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1] + 0.001) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

export const total = (spans) => spans.reduce((sum, [start, end]) => sum + end - start, 0);

/** What both have. */
export function both(some, others) {
  const pairs = some.flatMap(([a, b]) => others.map(([c, d]) => [Math.max(a, c), Math.min(b, d)]));
  return merge(pairs);
}

/** What is left of `spans` without `taken`. */
export function without(spans, taken) {
  let left = merge(spans);
  for (const [from, to] of taken) {
    left = left.flatMap(([start, end]) => [[start, Math.min(end, from)], [Math.max(start, to), end]].filter(([a, b]) => b - a > 0.001));
  }
  return left;
}

/** The share of `speech` that was played, 0 to 1; where nobody knows where speech is, anything played is enough. */
export function share(speech, heard) {
  const said = total(merge(speech));
  return said ? total(both(merge(speech), merge(heard))) / said : Number(heard.length > 0);
}

export const within = ([start, end], seconds) => [Math.max(0, start), Math.min(seconds, end)];
