// A model loaded by LiteRT.js, in any page: the one that scores for edgetag, and the one that
// people open.

import {getGlobalLiteRtPromise, loadAndCompile, loadLiteRt, Tensor} from '@litertjs/core';

/**
 * Load a model.
 *
 * @param {Uint8Array} bytes The whole file.
 * @param {string} runtime URL of LiteRT's folder `wasm`, with a slash at its end.
 * @param {string} accelerator 'wasm' or 'webgpu', which computes in float32 whatever the file does.
 * @return {Promise<Model>}
 * @throws {Error} LiteRT refuses the file, or the accelerator does not take all of it.
 */
export async function openModel(bytes, runtime, accelerator) {
  await (getGlobalLiteRtPromise() ?? loadLiteRt(runtime));  // a page loads it once, for all models
  const compiled = await loadAndCompile(bytes, {accelerator, gpuOptions: {precision: 'fp32'}});
  if (accelerator === 'webgpu' && !compiled.isFullyAccelerated) {
    throw new Error('WebGPU does not take all of its operators');
  }
  return new Model(compiled);
}

/** A loaded model of one picture and one list of scores. */
class Model {
  constructor(compiled) {
    this.compiled = compiled;
    const inputs = compiled.getInputDetails();
    if (inputs.length !== 1) throw new Error(`its first signature has ${inputs.length} inputs`);
    this.shape = [...inputs[0].shape];
    this.output = compiled.getOutputDetails().findIndex(({shape}) => {
      const sizes = [...shape];
      return sizes[0] === 1 && (sizes.length === 2 || sizes.slice(1, -1).every((n) => n === 1));
    });
    if (this.output < 0) throw new Error('its first signature has no list of scores');
  }

  /**
   * Run it once.
   *
   * @param {TypedArray} values `[1, height, width, 3]` of the input's type.
   * @return {Promise<TypedArray>} `[tags]` of the output's type.
   */
  async run(values) {
    const input = new Tensor(values, this.shape);
    try {
      const outputs = await this.compiled.run(input);
      try {
        return await outputs[this.output].data();
      } finally {
        outputs.forEach((output) => output.delete());
      }
    } finally {
      input.delete();
    }
  }
}
