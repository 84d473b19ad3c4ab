// A clip's samples, its peaks, and its slower and faster forms: in memory only, made before the clip is shown.

import { both, merge, total, within, without } from "./spans.js";

export const STEP = 0.01; // seconds a peak
const RATE = 16_000;

/** Decode a clip for speech: 16 kHz, one channel. */
export async function decode(data) {
  const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(data);
  const samples = decoded.getChannelData(0);
  const size = Math.round(RATE * STEP);
  const peaks = new Float32Array(Math.ceil(samples.length / size));
  for (let i = 0; i < samples.length; i++) {
    const at = (i / size) | 0;
    const level = Math.abs(samples[i]);
    if (level > peaks[at]) peaks[at] = level;
  }
  return { samples, peaks, seconds: decoded.duration, buffers: new Map([[1, decoded]]) };
}

/** The clip at a speed, with the voice's own pitch; made once. */
export function at(sound, speed) {
  if (!sound.buffers.has(speed)) {
    const samples = stretch(sound.samples, RATE, speed);
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE, numberOfChannels: 1 });
    buffer.copyToChannel(samples, 0);
    sound.buffers.set(speed, buffer);
  }
  return sound.buffers.get(speed);
}

/**
 * Change the speed and keep the pitch: overlap-add, each piece taken where it continues the last one best (WSOLA,
 * Verhelst and Roelands 1993). A ten-second clip takes some ten milliseconds.
 */
export function stretch(samples, rate, speed) {
  const size = Math.round(rate * 0.032) & ~1;
  const hop = size / 2;
  const reach = Math.round(rate * 0.008);
  const padded = new Float32Array(samples.length + 4 * size); // so that no piece reaches beyond
  padded.set(samples);
  const last = samples.length + 2 * size;
  const stretched = new Float32Array(Math.max(1, Math.round(samples.length / speed)));
  const fade = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  let follows = 0; // where the last piece would have gone on
  for (let out = 0; out < stretched.length; out += hop) {
    const from = out === 0 ? 0 : best(padded, Math.round(out * speed), follows, size, reach, last);
    const count = Math.min(size, stretched.length - out);
    for (let i = 0; i < count; i++) stretched[out + i] += padded[from + i] * (out === 0 && i < hop ? 1 : fade[i]);
    follows = Math.min(last, from + hop);
  }
  return stretched;
}

/** Around the ideal place, the one that is most like what would have followed: first roughly, then to the sample. */
function best(samples, ideal, follows, size, reach, last) {
  const rough = among(samples, Math.max(0, ideal - reach), Math.min(last, ideal + reach), 4, follows, size);
  return among(samples, Math.max(0, rough - 3), Math.min(last, rough + 3), 1, follows, size);
}

function among(samples, first, end, step, follows, size) {
  let found = Math.min(first, end);
  let most = -Infinity;
  for (let from = first; from <= end; from += step) {
    let sum = 0;
    for (let i = 0; i < size; i += 4) sum += samples[from + i] * samples[follows + i];
    if (sum > most) {
      most = sum;
      found = from;
    }
  }
  return found;
}

const PAD = 0.15; // seconds kept around speech
const LULL = 0.4; // seconds: a shorter pause belongs to how somebody talks

/**
 * What remains when silence is skipped: speech with a little around it, without long quiet stretches inside. Those are
 * left out only as far as the needed share of the speech is still heard.
 */
export function worthHearing({ peaks, seconds }, speech, needed) {
  const spoken = speech.length ? merge(speech.map(([start, end]) => within([start - PAD, end + PAD], seconds))) : [[0, seconds]];
  let spare = speech.length ? (total(speech) * (1 - needed)) / 2 : seconds;
  const lulls = quiet(peaks, spoken)
    .filter(([start, end]) => end - start >= LULL)
    .map(([start, end]) => [start + 0.1, end - 0.1])
    .sort((a, b) => b[1] - b[0] - (a[1] - a[0]))
    .filter((lull) => {
      const cost = speech.length ? total(both([lull], speech)) : 0;
      if (cost > spare) return false;
      spare -= cost;
      return true;
    });
  const kept = without(spoken, lulls);
  return kept.length ? kept : [[0, seconds]];
}

function quiet(peaks, spoken) {
  const levels = spoken.flatMap(([start, end]) => [...peaks.subarray(Math.floor(start / STEP), Math.ceil(end / STEP))]);
  const loud = levels.sort((a, b) => a - b)[Math.floor(levels.length * 0.9)] ?? 0;
  const spans = [];
  peaks.forEach((level, i) => {
    if (level < loud * 0.1) spans.push([i * STEP, (i + 1) * STEP]);
  });
  return both(merge(spans), spoken);
}
