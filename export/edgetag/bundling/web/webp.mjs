// The orientation of WebP pictures, which browsers pass over and preprocess.py does not.

const ORIENTATION = 0x0112;  // EXIF 2.32
const SHORT = 3;

/** Return the EXIF orientation of a WebP file, 1 to 8; 1 where it is none, or says none. */
export async function webpOrientation(file) {
  const view = new DataView(await file.arrayBuffer());
  try {
    if (mark(view, 0) !== 'RIFF' || mark(view, 8) !== 'WEBP') return 1;
    for (let at = 12; ;) {
      const size = view.getUint32(at + 4, true);
      if (mark(view, at) === 'EXIF') return orientation(new DataView(view.buffer, at + 8, size));
      at += 8 + size + size % 2;
    }
  } catch (error) {
    if (error instanceof RangeError) return 1;  // the end, or damaged metadata, says nothing
    throw error;
  }
}

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
    return view.getUint16(entry + 2, little) === SHORT && value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Return a picture that was held as an orientation says, upright. */
export function upright({width, height, rgb}, held) {
  if (held === 1) return {width, height, rgb};
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
