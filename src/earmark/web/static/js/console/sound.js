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
  const stretched = new Float32Array(Math.max(1, Math.round(samples.length / speed)));
  const fade = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  let follows = 0; // where the last piece would have gone on
  for (let out = 0; out < stretched.length; out += hop) {
    const ideal = Math.round(out * speed);
    const from = out === 0 ? 0 : best(samples, ideal, follows, size, reach);
    for (let i = 0; i < size && out + i < stretched.length && from + i < samples.length; i++) {
      stretched[out + i] += samples[from + i] * (out === 0 && i < hop ? 1 : fade[i]);
    }
    follows = from + hop;
  }
  return stretched;
}

function best(samples, ideal, follows, size, reach) {
  const like = (from) => {
    let sum = 0;
    for (let i = 0; i < size; i += 4) sum += (samples[from + i] ?? 0) * (samples[follows + i] ?? 0);
    return sum;
  };
  const among = (first, last, step) => {
    let found = first;
    let most = -Infinity;
    for (let from = Math.max(0, first); from <= last; from += step) {
      const value = like(from);
      if (value > most) [most, found] = [value, from];
    }
    return Math.max(0, found);
  };
  const near = among(ideal - reach, ideal + reach, 4);
  return among(near - 3, near + 3, 1);
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
