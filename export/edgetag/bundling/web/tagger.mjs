// Tags pictures in a page by a bundle that lies beside it; nothing leaves the page.
//
//   const tagger = await openTagger();
//   for (const {tag, score, present} of await tagger.tagsOf(file)) …

import {ARRAYS, checked, decode, encodingTable} from './encoding.mjs';
import {openModel} from './litert.mjs';
import {preprocess} from './preprocess.mjs';

/**
 * Open the bundle and load its model.
 *
 * @param {URL|string} site The folder that `edgetag bundle web` wrote.
 * @return {Promise<Tagger>}
 * @throws {Error} A file is missing or another one than was written, or LiteRT refuses the model.
 */
export async function openTagger(site = new URL('..', import.meta.url)) {
  const web = parsed(await read(new URL('edgetag-web.json', site)));
  const file = async (name) => {
    const bytes = await read(new URL(`bundle/${name}`, site));
    await requireDigest(bytes, name, web.files[`bundle/${name}`]);
    return bytes;
  };
  const json = async (name) => parsed(await file(name));
  const [labels, thresholds, contract, bytes] = await Promise.all([
    ...['labels.json', 'thresholds.json', 'preprocessing.json'].map(json), file(web.model.file),
  ]);
  const model = await openModel(bytes, new URL('litert/@litertjs/core/wasm/', site).href, 'wasm');
  const limits = thresholds.thresholds[web.variant];
  const tags = labels.labels.map((label) => ({...label, threshold: limits[label.tag]}));
  return new Tagger({web, contract, tags, model, file, json});
}

async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

function parsed(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Refuse other bytes than those of the bundle, where the page may compute digests (https). */
async function requireDigest(bytes, name, sha256) {
  if (!globalThis.crypto?.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== sha256) throw new Error(`${name} is not the file of the bundle`);
}

/** A loaded model with the names of its tags; `tags` are `{tag, en, ja, sensitive, threshold}`. */
class Tagger {
  constructor(parts) {
    Object.assign(this, parts);
    const {dtype} = this.web.model.input;
    this.table = encodingTable(this.contract, this.web.model.input);
    this.values = new ARRAYS[dtype](this.contract.input_size ** 2 * 3);
  }

  /**
   * Tag a picture.
   *
   * @param {Blob} picture JPEG, PNG, WebP, GIF or BMP.
   * @return {Promise<object[]>} Each of `this.tags` with `score` in 0..1 and `present`.
   * @throws {Error} It is no picture that the browser reads.
   */
  async tagsOf(picture) {
    const scores = await this.scores(await preprocess(picture, this.contract));
    // Compared in float32, as the scores are.
    return this.tags.map((tag, i) => (
      {...tag, score: scores[i], present: scores[i] >= Math.fround(tag.threshold)}));
  }

  /** Return the scores of preprocessed pixels, `[tags]` float32. */
  async scores(pixels) {
    pixels.forEach((pixel, i) => { this.values[i] = this.table[pixel]; });
    const {output} = this.web.model;
    return checked(decode(await this.model.run(this.values), output), output);
  }

  /**
   * Run the bundle's golden inputs and compare with the scores that its makers saw.
   *
   * @return {Promise<{passed: boolean, pictures: number, largest: number, tolerance: number}>}
   */
  async selfTest() {
    const golden = await this.json('golden.json');
    const inputs = await this.file(golden.inputs);
    const {scores, tolerance} = golden.expected.find(
        ({variant, family}) => variant === this.web.variant && family === 'litert');
    const step = inputs.length / scores.length;
    let largest = 0;
    for (const [number, expected] of scores.entries()) {
      const given = await this.scores(inputs.subarray(number * step, (number + 1) * step));
      given.forEach((score, i) => {
        largest = Math.max(largest, Math.abs(score - expected[i]));
      });
    }
    return {passed: largest <= tolerance, pictures: scores.length, largest, tolerance};
  }
}
