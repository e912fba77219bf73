// Reading and writing numpy's .npy files by piece, with nothing but Node.
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import fs from 'node:fs';

import {BadInput} from './errors.mjs';

const MAGIC = '\x93NUMPY';

/**
 * Open an array stored in C order, to be read at byte offsets.
 *
 * @param {string} path
 * @param {string} descr The type it must have, such as '|u1' or '<i8'.
 * @param {number} itemBytes Size of one value of it.
 * @return {{fd: number, start: number, shape: number[]}} `start` is where the values begin.
 * @throws {Error} It is missing, damaged or of another type.
 */
export function openArray(path, descr, itemBytes) {
  const fd = fs.openSync(path, 'r');
  try {
    const head = readExactly(fd, 0, 12);
    if (head.toString('latin1', 0, 6) !== MAGIC) throw new Error('it is no .npy file');
    const long = head[6] >= 2;  // version 1 has a header length of 2 bytes, later ones of 4
    const length = long ? head.readUInt32LE(8) : head.readUInt16LE(8);
    const start = (long ? 12 : 10) + length;
    if (length > 65536) throw new Error('its header is too long');
    const header = readExactly(fd, start - length, length).toString('latin1');
    const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
    const order = /'fortran_order':\s*(\w+)/.exec(header)?.[1];
    const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
    if (type !== descr || order !== 'False' || shape === undefined) {
      throw new Error(`it is not an array of ${descr} in C order`);
    }
    const sizes = shape.split(',').map((n) => n.trim()).filter(Boolean).map(Number);
    const bytes = sizes.reduce((product, n) => product * n, itemBytes);
    if (fs.fstatSync(fd).size < start + bytes) throw new Error('it is shorter than its header says');
    return {fd, start, shape: sizes};
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** Return `length` bytes of a file from `position` on, in `into` where it is given. */
export function readExactly(fd, position, length, into = Buffer.alloc(length)) {
  let done = 0;
  while (done < length) {
    const got = fs.readSync(fd, into, done, length - done, position + done);
    if (got === 0) throw new Error('it ends too early');
    done += got;
  }
  return into;
}

/** A float32 array that is written row by row under a temporary name, and renamed when whole. */
export class ScoresFile {
  /**
   * @param {string} path Where it goes; the parent owns the folder and waits for this process.
   * @param {number} rows
   * @param {number} columns
   */
  constructor(path, rows, columns) {
    this.path = path;
    this.temporary = `${path}.tmp`;
    this.fd = fs.openSync(this.temporary, 'w');
    this.pending = [];
    this.pendingBytes = 0;
    const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
    const padding = 64 - (10 + dict.length + 1) % 64;
    const header = Buffer.from(dict + ' '.repeat(padding) + '\n', 'latin1');
    const head = Buffer.alloc(10);
    head.write(MAGIC + '\x01\x00', 'latin1');
    head.writeUInt16LE(header.length, 8);
    this.write(head);
    this.write(header);
  }

  /** Append bytes; they are copied. */
  write(bytes) {
    this.pending.push(Buffer.from(bytes));
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= 1 << 20) this.flush();
  }

  flush() {
    const bytes = Buffer.concat(this.pending);
    for (let done = 0; done < bytes.length;) done += fs.writeSync(this.fd, bytes, done);
    this.pending = [];
    this.pendingBytes = 0;
  }

  /** Give the whole file its name. */
  finish() {
    this.flush();
    fs.fsyncSync(this.fd);
    fs.closeSync(this.fd);
    fs.renameSync(this.temporary, this.path);
  }
}

/** Yield the numbers of a `[n]` int64 array, a few thousand at once in memory. */
export function* rowNumbers(path) {
  const {fd, start, shape} = openArray(path, '<i8', 8);
  try {
    for (let row = 0; row < shape[0]; row += 4096) {
      const count = Math.min(4096, shape[0] - row);
      const block = readExactly(fd, start + row * 8, count * 8);
      for (let i = 0; i < count; i++) yield Number(block.readBigInt64LE(i * 8));
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** Return how many numbers `rowNumbers` yields. */
export function countRows(path) {
  const {fd, shape} = openArray(path, '<i8', 8);
  fs.closeSync(fd);
  if (shape.length !== 1) throw new BadInput(`${path}: expected one list of row numbers`);
  return shape[0];
}
