// The page in which edgetag scores files; session.py calls these functions.

import {getWebGpuDevice} from '@litertjs/core';

import {openModel} from './litert.mjs';

const ARRAYS = {float32: Float32Array, uint8: Uint8Array, int8: Int8Array};
let model;

/** Load `/model.tflite`. */
window.load = async (accelerator) => {
  const answer = await fetch('/model.tflite');
  model = await openModel(new Uint8Array(await answer.arrayBuffer()), '/@litertjs/core/wasm/', accelerator);
};

/** Return what the browser says of the adapter that computes its shaders; null where it says nothing. */
window.adapter = () => {
  const info = getWebGpuDevice()?.adapterInfo;
  if (!info) return null;
  // Its own keys are getters, which are lost on the way to Python.
  const {vendor, architecture, description, isFallbackAdapter} = info;
  return {vendor, architecture, description, isFallbackAdapter};
};

/** Run it on base64 of the input's values, and return base64 of the output's. */
window.run = async (base64, dtype) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const output = await model.run(new ARRAYS[dtype](bytes.buffer));
  const raw = new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
  return btoa(String.fromCharCode(...raw));
};
