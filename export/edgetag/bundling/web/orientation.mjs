// How pictures are held. Browsers turn them upright, but for WebP, and but for pixels that are not
// multiplied by their transparency, which they give as they are stored; preprocess.py turns all.

const ORIENTATION = 0x0112;  // EXIF 2.32
const SHORT = 3;

export const UPRIGHT = 1;

/**
 * Find out how a file's pixels are held, and who turns them.
 *
 * @param {Blob} file
 * @return {Promise<{held: number, turned: boolean}>} The EXIF orientation, 1 to 8, of WebP and PNG,
 *     which alone can be half transparent; and whether the browser's bitmap is upright.
 */
export async function orientationOf(file) {
  const view = new DataView(await file.arrayBuffer());
  const format = FORMATS.find((each) => each.begins(view));
  return {held: format ? heldBy(view, format) : UPRIGHT, turned: format?.turned ?? true};
}

function heldBy(view, format) {
  try {
    for (let at = format.first; ;) {
      const {name, start, size, next} = format.chunk(view, at);
      if (name === format.exif) return orientation(new DataView(view.buffer, start, size));
      at = next;
    }
  } catch (error) {
    if (error instanceof RangeError) return UPRIGHT;  // the end, or damaged metadata, says nothing
    throw error;
  }
}

/** Formats that are made of chunks, one of which is EXIF. */
const FORMATS = [
  {
    begins: (view) => view.byteLength >= 12 && mark(view, 0) === 'RIFF' && mark(view, 8) === 'WEBP',
    first: 12,
    exif: 'EXIF',
    turned: false,
    chunk: (view, at) => {
      const size = view.getUint32(at + 4, true);
      return {name: mark(view, at), start: at + 8, size, next: at + 8 + size + size % 2};
    },
  },
  {
    begins: (view) => view.byteLength >= 8 && mark(view, 0) === '\x89PNG',
    first: 8,
    exif: 'eXIf',
    turned: true,
    chunk: (view, at) => {
      const size = view.getUint32(at);
      return {name: mark(view, at + 4), start: at + 8, size, next: at + 12 + size};
    },
  },
];

function mark(view, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

/** Return the orientation in a TIFF header and what follows. */
function orientation(view) {
  const start = mark(view, 0) === 'Exif' ? 6 : 0;
  const little = view.getUint16(start) === 0x4949;
  const directory = start + view.getUint32(start + 4, little);
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) !== ORIENTATION) continue;
    const value = view.getUint16(entry + 8, little);
    return view.getUint16(entry + 2, little) === SHORT && value >= 1 && value <= 8 ? value : UPRIGHT;
  }
  return UPRIGHT;
}

/** Return a picture that was held as an orientation says, upright. */
export function upright({width, height, rgb}, held) {
  if (held === UPRIGHT) return {width, height, rgb};
  // Walking over the result, the source's index starts at a corner and moves by two steps.
  const [start, step, rowStep] = {
    2: [width - 1, -1, width],
    3: [width * height - 1, -1, -width],
    4: [(height - 1) * width, 1, -width],
    5: [0, width, 1],
    6: [(height - 1) * width, -width, 1],
    7: [width * height - 1, -width, -1],
    8: [width - 1, width, -1],
  }[held];
  const [columns, rows] = held >= 5 ? [height, width] : [width, height];
  const out = new Uint8Array(rgb.length);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to += 3) {
      const from = (start + y * rowStep + x * step) * 3;
      out.set(rgb.subarray(from, from + 3), to);
    }
  }
  return {width: columns, height: rows, rgb: out};
}
