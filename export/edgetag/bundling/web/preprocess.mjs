// From a picture's file to the pixels that a model takes, as preprocess.py does it, to the last
// bit; tests hold the two against each other in a browser.

import {lookInto, upright} from './header.mjs';

const CHANNELS = 3;
const MOST_PIXELS = 50_000_000;
const TILE = 1024;  // pixels: canvases and textures of all browsers take so many

/**
 * Decode a picture and letterbox it.
 *
 * @param {Blob} file
 * @param {object} contract What `preprocessing.json` of a bundle says.
 * @return {Promise<Uint8Array>} `[input_size, input_size, 3]`
 * @throws {Error} It is no picture of the contract's formats that the browser reads, or too large.
 */
export async function preprocess(file, contract) {
  return letterbox(await decode(file, contract.background), contract);
}

/**
 * Decode a picture: first frame, upright, RGB over the background, colours as the file has them.
 *
 * @return {Promise<{width: number, height: number, rgb: Uint8Array}>}
 */
export async function decode(file, background) {
  const name = file.name ?? 'the file';
  const known = await lookInto(file);
  // Others, such as AVIF, nobody has validated, though browsers read them.
  if (!known) throw new Error(`${name} is no JPEG, PNG, WebP, GIF or BMP`);
  const {held, width, height, isWhole, bare} = known;
  // By the header, since a small file may have pixels without end.
  if (width * height > MOST_PIXELS) throw new Error(`${width}x${height} is over 50 million pixels`);
  if (!isWhole) throw new Error(`${name} is damaged or cut off`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(bare, {colorSpaceConversion: 'none', premultiplyAlpha: 'none'});
  } catch (error) {
    throw new Error(`${name} is no picture that this browser reads`);
  }
  try {
    if (bitmap.width !== width || bitmap.height !== height) throw new Error(`${name} has two sizes`);
    return upright({width, height, rgb: await overBackground(bitmap, background)}, held);
  } finally {
    bitmap.close();
  }
}

/** Return the pixels of a picture over an opaque colour, `[height, width, 3]`. */
async function overBackground(bitmap, background) {
  const {width, height} = bitmap;
  const rgb = new Uint8Array(width * height * CHANNELS);
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const [columns, rows] = [Math.min(TILE, width - left), Math.min(TILE, height - top)];
      const tile = [bitmap, left, top, columns, rows];
      const rgba = plain(...tile) ?? await straight(...tile);
      for (let y = 0; y < rows; y++) {
        const row = rgba.subarray(y * columns * 4, (y + 1) * columns * 4);
        rowOver(row, rgb.subarray(((top + y) * width + left) * CHANNELS), background);
      }
    }
  }
  return rgb;
}

/** Return RGBA of a part of a picture; null where it has half transparent pixels. */
function plain(bitmap, left, top, width, height) {
  const context = new OffscreenCanvas(width, height)
      .getContext('2d', {willReadFrequently: true, colorSpace: 'srgb'});
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
  const {data} = context.getImageData(0, 0, width, height);
  // A canvas keeps colours multiplied by their transparency, from which they do not come back.
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255 && data[i] !== 0) return null;
  return data;
}

let webgl = null;

/** Return RGBA of a part of a picture as the file has it. */
async function straight(bitmap, left, top, width, height) {
  if (!webgl || webgl.isContextLost()) webgl = new OffscreenCanvas(1, 1).getContext('webgl');
  const gl = webgl;
  if (!gl) throw new Error('half transparent pictures need a browser that has WebGL');
  const part = await createImageBitmap(
      bitmap, left, top, width, height, {colorSpaceConversion: 'none', premultiplyAlpha: 'none'});
  const [texture, buffer] = [gl.createTexture(), gl.createFramebuffer()];
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, part);
  gl.bindFramebuffer(gl.FRAMEBUFFER, buffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  gl.deleteFramebuffer(buffer);
  gl.deleteTexture(texture);
  part.close();
  if (gl.getError() !== gl.NO_ERROR) throw new Error('the browser lost the picture');
  return rgba;
}

/** Put RGBA over an opaque colour as Pillow's alpha_composite does. */
function rowOver(rgba, rgb, background) {
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += CHANNELS) {
    const alpha = rgba[from + 3];
    for (let c = 0; c < CHANNELS; c++) rgb[to + c] = over(rgba[from + c], background[c], alpha);
  }
}

function over(source, base, alpha) {
  if (alpha === 255) return source;
  if (alpha === 0) return base;
  const weight = alpha << 7;
  const sum = source * weight + base * ((255 << 7) - weight) + (0x80 << 7);
  return (((sum >> 8) + sum) >> 8) >> 7;
}

/** Fit a picture into the input square, keeping its aspect ratio; see preprocess.letterbox. */
export function letterbox(picture, contract) {
  const size = contract.input_size;
  const longer = Math.max(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map(
      (side) => Math.max(1, Math.floor((2 * side * size + longer) / (2 * longer))));
  const centred = contract.anchor === 'center';
  const left = centred ? Math.floor((size - width) / 2) : 0;
  const top = centred ? Math.floor((size - height) / 2) : 0;
  const content = resize(picture, width, height, contract.filter).rgb;
  const square = new Uint8Array(size * size * CHANNELS);
  for (let i = 0; i < square.length; i++) square[i] = contract.fill[i % CHANNELS];
  for (let y = 0; y < height; y++) {
    const row = content.subarray(y * width * CHANNELS, (y + 1) * width * CHANNELS);
    square.set(row, ((top + y) * size + left) * CHANNELS);
  }
  return square;
}

// Pillow 13's Image.resize: libImaging/Resample.c, and ImagingScaleAffine for the nearest pixel.

const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

const FILTERS = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [2, (distance) => {
    const x = Math.abs(distance);
    if (x < 1) return ((-0.5 + 2) * x - (-0.5 + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
  }],
  lanczos: [3, (x) => (-3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Return a picture of another size; the same where the size is its own. */
export function resize(picture, width, height, filter) {
  if (width === picture.width && height === picture.height) return picture;
  if (filter === 'nearest') return nearest(picture, width, height);
  // The vertical pass first where that saves more; sums are rounded between the passes.
  const shrunk = picture.height - height;
  return shrunk > 0 && shrunk > (picture.width - width) * 2 ?
      horizontal(vertical(picture, height, filter), width, filter) :
      vertical(horizontal(picture, width, filter), height, filter);
}

function horizontal({width: from, height, rgb}, width, filter) {
  if (width === from) return {width, height, rgb};
  const out = new Uint8ClampedArray(width * height * CHANNELS);
  weightsOf(from, width, filter).forEach(({first, weights}, x) => {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < CHANNELS; c++) {
        let sum = HALF;
        let at = (y * from + first) * CHANNELS + c;
        for (const weight of weights) {
          sum += rgb[at] * weight;
          at += CHANNELS;
        }
        out[(y * width + x) * CHANNELS + c] = sum >> PRECISION_BITS;
      }
    }
  });
  return {width, height, rgb: out};
}

function vertical({width, height: from, rgb}, height, filter) {
  if (height === from) return {width, height, rgb};
  const row = width * CHANNELS;
  const out = new Uint8ClampedArray(row * height);
  const sums = new Int32Array(row);
  weightsOf(from, height, filter).forEach(({first, weights}, y) => {
    sums.fill(HALF);
    weights.forEach((weight, k) => {
      const at = (first + k) * row;
      for (let x = 0; x < row; x++) sums[x] += rgb[at + x] * weight;
    });
    for (let x = 0; x < row; x++) out[y * row + x] = sums[x] >> PRECISION_BITS;
  });
  return {width, height, rgb: out};
}

/** Return for each target pixel its first source pixel, and the weights from there in fixed point. */
function weightsOf(from, to, filter) {
  const [radius, weigh] = FILTERS[filter];
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = radius * stretch;
  return Array.from({length: to}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    const real = Array.from(
        {length: count}, (_, k) => weigh((k + (first - centre) + 0.5) * (1 / stretch)));
    const total = real.reduce((a, b) => a + b, 0);
    const weights = real.map((weight) => {
      const scaled = (total === 0 ? weight : weight / total) * (1 << PRECISION_BITS);
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    return {first, weights: Int32Array.from(weights)};
  });
}

function nearest({width: fromWidth, height: fromHeight, rgb}, width, height) {
  const columns = positions(fromWidth, width);
  const out = new Uint8Array(width * height * CHANNELS);
  let at = 0;
  for (const y of positions(fromHeight, height)) {
    for (const x of columns) {
      const source = (y * fromWidth + x) * CHANNELS;
      out.set(rgb.subarray(source, source + CHANNELS), at);
      at += CHANNELS;
    }
  }
  return {width, height, rgb: out};
}

/** Return the source position of each target pixel; the sum grows step by step, as in Pillow. */
function positions(from, to) {
  const step = from / to;
  let at = step * 0.5;
  return Array.from({length: to}, () => {
    const position = Math.min(from - 1, Math.trunc(at));
    at += step;
    return position;
  });
}
