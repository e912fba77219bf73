// What a picture's file is, how large, and how it is held. Browsers turn some formats upright and others
// not, by fewer kinds of numbers than preprocess.py reads; so they get files that say nothing of it.

const ORIENTATION = 0x0112;  // EXIF 2.32
const BYTES = {3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4};  // of the whole numbers among TIFF's types
const UPRIGHT = 1;

/**
 * Look into a picture's file.
 *
 * @param {Blob} file
 * @return {Promise<{held: number, width: number, height: number, isWhole: boolean, bare: Blob}|null>}
 *     Its EXIF orientation, 1 to 8; its size as it is stored, 0 where it says none; whether it has all
 *     that it says it has, as far as browsers do not ask; and the file without what says how it is
 *     held, and without what shows another frame first. Null where its format is none of the contract's.
 */
export async function lookInto(file) {
  const view = new DataView(await file.arrayBuffer());
  const format = FORMATS.find(({begins}) => within(() => begins(view)));
  if (!format) return null;
  const parts = [];
  let held;
  let kept = 0;
  let [width, height, end] = [0, 0, 0];
  for (const {at, size, exif, hides, next} of chunksOf(view, format)) {
    end = next;
    if (size) [width, height] = [Math.max(width, size[0]), Math.max(height, size[1])];
    if (exif) held ??= within(() => orientation(view, exif)) ?? UPRIGHT;
    if (!hides) continue;
    parts.push(file.slice(kept, at), ...hides);
    kept = next;
  }
  parts.push(file.slice(kept));
  const isWhole = end <= view.byteLength && width * height > 0;
  return {held: held ?? UPRIGHT, width, height, isWhole, bare: new Blob(parts, {type: format.type})};
}

/** Return what a function reads; undefined where the data end before. */
function within(read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Return a file's chunks, up to its pixels, its end, or to where it is damaged. */
function* chunksOf(view, {first, chunk}) {
  for (let at = first, found; (found = within(() => chunk(view, at))); at = found.next) {
    yield {at, ...found};
    if (found.isLast) return;
  }
}

/**
 * The contract's formats. `chunk` gives what lies at a place: where the next begins, or that none
 * does, width and height if it says them, which bytes are EXIF, if they are, and what goes in the place
 * of what browsers must not see.
 */
const FORMATS = [
  {
    type: 'image/jpeg',
    begins: (view) => view.getUint16(0) === 0xFFD8 && view.getUint8(2) === 0xFF,
    first: 2,
    chunk: (view, place) => {
      let at = place;
      while (view.getUint16(at) === 0xFFFF) at++;  // bytes between segments
      const marker = view.getUint16(at);
      if (marker === 0xFFDA || marker < 0xFF01) return null;  // pixels follow, or it is damaged
      const next = at + 2 + view.getUint16(at + 2);
      if (isFrame(marker)) return {next, size: [view.getUint16(at + 7), view.getUint16(at + 5)]};
      if (marker !== 0xFFE1 || mark(view, at + 4) !== 'Exif') return {next};
      return {next, exif: [at + 4, next], hides: []};
    },
  },
  {
    type: 'image/png',
    begins: (view) => mark(view, 0) === '\x89PNG',
    first: 8,
    chunk: (view, at) => {
      const name = mark(view, at + 4);
      const end = at + 8 + view.getUint32(at);
      const next = end + 4;
      if (name === 'IHDR') return {next, size: [view.getUint32(at + 8), view.getUint32(at + 12)]};
      if (name === 'IEND') return {next, isLast: true};
      if (name === 'eXIf') return {next, exif: [at + 8, end], hides: []};
      return name === 'acTL' ? {next, hides: []} : {next};  // else the first frame of an animation
    },
  },
  {
    type: 'image/webp',
    begins: (view) => mark(view, 0) === 'RIFF' && mark(view, 8) === 'WEBP',
    first: 12,
    chunk: (view, at) => {
      if (at >= 8 + view.getUint32(4, true)) return null;
      const name = mark(view, at);
      const bytes = view.getUint32(at + 4, true);
      const next = at + 8 + bytes + bytes % 2;
      if (name in WEBP_SIZES) return {next, size: WEBP_SIZES[name](view, at + 8)};
      // Only a file whose first chunk says so has EXIF.
      if (name !== 'EXIF' || mark(view, 12) !== 'VP8X' || !(view.getUint8(20) & 8)) return {next};
      // Its length stays: that of the whole file lies before.
      const hides = [new Uint8Array(view.buffer.slice(at, next)).fill(0, 0, 4)];
      return {next, exif: [at + 8, at + 8 + bytes], hides};
    },
  },
  {
    type: 'image/gif',
    begins: (view) => mark(view, 0) === 'GIF8',
    first: 0,
    chunk: (view, at) => {
      if (at === 0) return {next: 13 + colours(view.getUint8(10)), size: shorts(view, 6)};
      if (view.getUint8(at) === 0x21) return {next: afterBlocks(view, at + 2)};  // an extension
      if (view.getUint8(at) !== 0x2C) return null;
      // The first frame, which enlarges the picture where it does not fit into it.
      const [[left, top], [width, height]] = [shorts(view, at + 1), shorts(view, at + 5)];
      if (!(width * height)) return {next: Infinity};  // browsers make an empty picture of it
      return {next: view.byteLength, size: [left + width, top + height]};
    },
  },
  {
    type: 'image/bmp',
    begins: (view) => mark(view, 0).startsWith('BM'),
    first: 14,
    chunk: (view, place) => {
      const next = view.byteLength;
      const header = view.getUint32(place, true);
      if (header === 12) return {next, size: shorts(view, place + 4)};
      const size = [4, 8].map((i) => Math.abs(view.getInt32(place + i, true)));
      if (header < 56 || view.getUint32(place + 16, true) !== 0) return {next, size};
      // Where no masks count, browsers yet take that of transparency.
      return {at: 66, next, size, hides: [new Uint8Array(4), view.buffer.slice(70)]};
    },
  },
];

/** Of WebP's chunks that have a size: what they say of it. */
const WEBP_SIZES = {
  'VP8X': (view, at) => [4, 7].map((i) => 1 + (view.getUint32(at + i - 1, true) >>> 8)),
  'VP8 ': (view, at) => shorts(view, at + 6).map((side) => side & 0x3FFF),
  'VP8L': (view, at) => [0, 14].map((bit) => 1 + (view.getUint32(at + 1, true) >>> bit & 0x3FFF)),
};

/** Tell whether a JPEG's marker begins a picture; the others from 0xFFC0 to 0xFFCF are of tables. */
function isFrame(marker) {
  return marker >= 0xFFC0 && marker <= 0xFFCF && ![0xFFC4, 0xFFC8, 0xFFCC].includes(marker);
}

/** Return the two numbers of 16 bits at a place of GIF, WebP or BMP. */
function shorts(view, at) {
  return [view.getUint16(at, true), view.getUint16(at + 2, true)];
}

/** Return the bytes of a GIF's palette, by the flags before it. */
function colours(flags) {
  return flags & 0x80 ? 3 << (flags & 7) + 1 : 0;
}

/** Return where a GIF's blocks of up to 255 bytes end. */
function afterBlocks(view, start) {
  let at = start;
  for (let bytes; (bytes = view.getUint8(at)); at += 1 + bytes);
  return at + 1;
}

function mark(view, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

/** Return the orientation in EXIF between two places; writers of any format may have put a mark first. */
function orientation({buffer}, [from, to]) {
  const hasMark = mark(new DataView(buffer, from, to - from), 0) === 'Exif';
  const start = hasMark ? from + 6 : from;
  const view = new DataView(buffer, start, to - start);
  const [order, magic] = [view.getUint16(0), view.getUint16(2)];
  const little = order === 0x4949;
  if (!little && order !== 0x4D4D || magic !== 0x2A00 && magic !== 0x002A) return UPRIGHT;
  const directory = view.getUint32(4, little);
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) !== ORIENTATION) continue;
    const bytes = BYTES[view.getUint16(entry + 2, little)];
    const count = view.getUint32(entry + 4, little);
    if (!bytes || !count) return UPRIGHT;
    // Of several values the first counts; over 4 bytes lie elsewhere.
    const at = bytes * count > 4 ? view.getUint32(entry + 8, little) : entry + 8;
    const value = view[`getUint${8 * bytes}`](at, little);
    return value >= 1 && value <= 8 ? value : UPRIGHT;
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
    for (let x = 0, from = (start + y * rowStep) * 3; x < columns; x++, from += step * 3) {
      out[to++] = rgb[from];
      out[to++] = rgb[from + 1];
      out[to++] = rgb[from + 2];
    }
  }
  return {width: columns, height: rows, rgb: out};
}
