// From uint8 pixels to a model's input and from its output to scores, as runtimes/encoding.py and
// runtimes/worker.py do it, to the last bit; tests hold the two against each other.

import {WrongOutput} from './errors.mjs';

export const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
};

const LIMITS = {uint8: [0, 255], int8: [-128, 127], int16: [-32768, 32767]};

// So far beyond 0 or 1 a score may be by the rounding of sums, or by one step of a quantized
// output, were it as coarse as this; it is then cut.
const ROUNDING = 1e-4;
const COARSEST_STEP = 1 / 64;

/** Round to the nearest whole number, halves to the even one, as numpy.rint does. */
export function rint(x) {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** Return the input value of each pixel value: `[256]` of the tensor's type. */
export function encodingTable(contract, tensor) {
  const mean = Math.fround(contract.mean);
  const std = Math.fround(contract.std);
  const table = new ARRAYS[tensor.dtype](256);
  for (let pixel = 0; pixel < 256; pixel++) {
    const real = Math.fround(Math.fround(pixel - mean) / std);
    if (tensor.dtype === 'float32') {
      table[pixel] = real;
    } else {
      const [low, high] = LIMITS[tensor.dtype];
      table[pixel] = Math.min(high, Math.max(low, rint(real / tensor.scale) + tensor.zeroPoint));
    }
  }
  return table;
}

/** Return real values of a model's output, `(value - zero point) * scale`, as float32. */
export function decode(values, tensor) {
  if (tensor.dtype === 'float32') return Float32Array.from(values);
  const scale = Math.fround(tensor.scale);
  return Float32Array.from(values, (value) => Math.fround(value - tensor.zeroPoint) * scale);
}

/** Return scores in 0..1, rounding mended, or refuse what no sigmoid or softmax gives. */
export function checked(scores, tensor) {
  if (!scores.every(Number.isFinite)) throw new WrongOutput('it gives scores that are not numbers');
  const allowed = ROUNDING + Math.min(tensor.scale, COARSEST_STEP);
  const worst = scores.reduce((a, b) => (beyond(b) > beyond(a) ? b : a));
  if (beyond(worst) > allowed) {
    const shown = Number(worst.toPrecision(4));
    throw new WrongOutput(`scores outside 0..1, such as ${shown}; its last layer lacks a sigmoid`);
  }
  return scores.map((score) => Math.min(1, Math.max(0, score)));
}

function beyond(score) {
  return Math.max(-score, Math.fround(score - 1));
}
