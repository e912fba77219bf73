// A model loaded by @tensorflow/tfjs-tflite, TensorFlow Lite compiled to WebAssembly.
//
// The package's own loader is for pages: it adds a <script> to the document. The module under it
// is plain Emscripten and takes its binary from memory, so that nothing is fetched. Of its four
// builds the one with SIMD and without threads is used, always, so that scores do not depend on
// the machine; the builds with threads need a page's Worker.

import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

import {ARRAYS} from './encoding.mjs';
import {Refused, WrongOutput} from './errors.mjs';
import {oneLine} from './events.mjs';
import {quantization} from './flatfile.mjs';

export const BUILD = '@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd';
const IDENTIFIER = 'TFL3';  // of TensorFlow Lite, at byte 4
const CONSEQUENCE = 'Failed to apply the default TensorFlow Lite delegate';  // of another error
const OPTIONS = {numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1};

/** Load a file; see `Session`. Throws Refused where the runtime or this session does not take it. */
export async function openSession(folder, file) {
  const bytes = readModel(file);
  const said = [];
  const tell = (text) => {
    process.stderr.write(text + '\n');
    const error = /^ERROR:\s*(.*)/.exec(text)?.[1];
    if (error && !error.startsWith(CONSEQUENCE)) said.push(error);
  };
  const build = path.join(folder, BUILD);
  const factory = createRequire(import.meta.url)(`${build}.js`);
  const wasmBinary = fs.readFileSync(`${build}.wasm`);
  const module = await factory({wasmBinary, print: tell, printErr: tell});
  const place = module._malloc(bytes.length);
  if (place === 0) throw new Refused('it is too large for WebAssembly\'s memory');
  module.HEAPU8.set(bytes, place);
  const status = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(
      place, bytes.length, OPTIONS);
  if (!status.ok()) throw new Refused(oneLine(said.join('\n') || status.errorMessage()));
  said.length = 0;
  return new Session(status.value(), bytes, said);
}

function readModel(file) {
  let bytes;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new Refused(`the file cannot be read: ${error.code}`);
  }
  if (bytes.length === 0) throw new Refused('the file is empty');
  if (bytes.toString('latin1', 4, 8) !== IDENTIFIER) {
    throw new Refused('the file is not a TensorFlow Lite model: it lacks the mark TFL3');
  }
  return bytes;
}

/** A loaded model: `input` and `output` are `{position, name, shape, dtype, scale, zeroPoint}`. */
class Session {
  constructor(runner, bytes, said) {
    this.runner = runner;
    this.said = said;
    const inputs = this.describe('GetInputs', bytes);
    if (inputs.length !== 1) {
      throw new Refused(`the model has ${inputs.length} inputs, expected one image`);
    }
    this.input = known(inputs[0]);
    const {shape} = this.input;
    if (shape.length !== 4 || shape[0] !== 1 || shape[3] !== 3) {
      throw new Refused(
          `the input's shape is [${shape.join(', ')}], expected [1, height, width, 3]`);
    }
    this.output = known(scoresOf(this.describe('GetOutputs', bytes)));
    this.tags = this.output.shape.at(-1);
    if (!(this.tags > 0)) throw new Refused('its list of scores is empty');
  }

  /** Run the model on one encoded image, `[height, width, 3]`; return the raw output `[tags]`. */
  run(values) {
    this.withTensor('GetInputs', this.input.position, (data) => {
      if (data.length !== values.length) throw new Refused('its input has another size than it says');
      data.set(values);
    });
    if (!this.runner.Infer()) {
      throw new Refused(`it fails to run: ${oneLine(this.said.join('\n'))}`);
    }
    return this.withTensor('GetOutputs', this.output.position, (data) => {
      if (data.length !== this.tags) {
        throw new WrongOutput(`it gives ${data.length} values, but its output is for ${this.tags}`);
      }
      return new ARRAYS[this.output.dtype](data);
    });
  }

  /** Call `use` on a tensor's memory, which moves when the module's memory grows: ask each time. */
  withTensor(list, position, use) {
    const tensors = this.runner[list]();
    const tensor = tensors.get(position);
    try {
      return use(tensor.data());
    } finally {
      tensor.delete();
      tensors.delete();
    }
  }

  describe(list, bytes) {
    const tensors = this.runner[list]();
    const found = [];
    for (let position = 0; position < tensors.size(); position++) {
      const tensor = tensors.get(position);
      const shape = tensor.shape.split(',').filter(Boolean).map(Number);
      const {id, name, dataType: dtype} = tensor;
      found.push({position, name, shape, dtype, ...quantizationOf(bytes, id)});
      tensor.delete();
    }
    tensors.delete();
    return found;
  }
}

function quantizationOf(bytes, id) {
  try {
    return quantization(bytes, id);
  } catch (error) {
    if (error instanceof RangeError) throw new Refused('the file is damaged');
    throw error;
  }
}

/** Return the one output that is a list of scores: `[1, tags]`, or `[1, 1, 1, tags]` alone. */
function scoresOf(outputs) {
  let lists = outputs.filter(({shape}) => shape.length === 2 && shape[0] === 1);
  if (lists.length === 0 && outputs.length === 1) {
    const {shape} = outputs[0];
    if (shape.length === 4 && shape.slice(0, 3).every((n) => n === 1)) lists = outputs;
  }
  if (lists.length !== 1) throw new Refused('the model has no single output of shape [1, tags]');
  return lists[0];
}

function known(tensor) {
  if (!(tensor.dtype in ARRAYS)) {
    throw new Refused(
        `${tensor.name} is ${tensor.dtype}, expected one of ${Object.keys(ARRAYS).join(', ')}`);
  }
  if (tensor.dtype !== 'float32' && !(tensor.scale > 0)) {
    throw new Refused(`${tensor.name} is ${tensor.dtype} but has no quantization scale`);
  }
  return tensor;
}
