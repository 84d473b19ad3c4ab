// Microphone to 16 kHz mono int16 in 10 ms frames, by windowed-sinc interpolation at any input rate.

const RATE = 16_000;
const FRAME = 160;
const ZEROS = 12; // zero crossings on each side of the kernel
const STEPS = 128; // table entries a zero crossing

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    this.cut = Math.min(1, RATE / sampleRate) * 0.94; // a little under Nyquist of the slower side
    this.half = Math.ceil(ZEROS / this.cut);
    this.table = new Float32Array(ZEROS * STEPS + 2);
    for (let i = 0; i < this.table.length; i++) {
      const x = i / STEPS;
      const window = x < ZEROS ? 0.5 + 0.5 * Math.cos((Math.PI * x) / ZEROS) : 0;
      this.table[i] = (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)) * window * this.cut;
    }
    this.input = new Float32Array(0);
    this.at = this.half;
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.energy = 0;
    this.running = true;
    this.port.onmessage = () => (this.running = false);
  }

  sample(position) {
    const first = Math.ceil(position - this.half);
    const last = Math.floor(position + this.half);
    let sum = 0;
    for (let n = first; n <= last; n++) {
      const x = Math.abs(position - n) * this.cut * STEPS;
      const i = Math.floor(x);
      if (i + 1 < this.table.length) {
        sum += (this.input[n] ?? 0) * (this.table[i] + (x - i) * (this.table[i + 1] - this.table[i]));
      }
    }
    return sum;
  }

  process(inputs) {
    const channels = inputs[0];
    if (!this.running) return false;
    if (!channels.length) return true;
    const size = channels[0].length;
    const joined = new Float32Array(this.input.length + size);
    joined.set(this.input);
    for (const channel of channels) {
      for (let i = 0; i < size; i++) joined[this.input.length + i] += channel[i] / channels.length;
    }
    this.input = joined;
    while (this.at + this.half < this.input.length) {
      const value = Math.max(-1, Math.min(1, this.sample(this.at)));
      this.frame[this.filled++] = Math.round(value * 32767);
      this.energy += value * value;
      this.at += this.step;
      if (this.filled === FRAME) {
        const pcm = this.frame.buffer;
        this.port.postMessage({ pcm, level: Math.sqrt(this.energy / FRAME) }, [pcm]);
        this.frame = new Int16Array(FRAME);
        this.filled = 0;
        this.energy = 0;
      }
    }
    const spent = Math.floor(this.at - this.half);
    if (spent > 0) {
      this.input = this.input.slice(spent);
      this.at -= spent;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
