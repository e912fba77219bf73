// Read access to the image cache of edgetag.image_cache: uint8 images in .npy shards.

import fs from 'node:fs';
import path from 'node:path';

import {BadInput} from './errors.mjs';
import {openArray, readExactly} from './npy.mjs';

const OPEN_SHARDS = 4;  // rows come about in order, so that few files need to be open

export class ImageCache {
  /** Open the cache of a job: its folder, how large images are, and how many each file has. */
  constructor({folder, input_size: size, shard_images: shardImages}) {
    this.folder = folder;
    this.shardImages = shardImages;
    this.size = size;
    this.imageBytes = size * size * 3;
    this.image = Buffer.alloc(this.imageBytes);
    this.shards = new Map();
  }

  /** Return the pixels of one row, `[size, size, 3]` uint8, good until the next call. */
  read(row) {
    const per = this.shardImages;
    const number = Math.floor(row / per);
    const shard = this.shards.get(number) ?? this.open(number);
    if (row < 0 || row % per >= shard.shape[0]) {
      throw new BadInput(`${this.folder}: has no image ${row}; it was built for other images`);
    }
    return readExactly(
        shard.fd, shard.start + (row % per) * this.imageBytes, this.imageBytes, this.image);
  }

  open(number) {
    const file = path.join(this.folder, `shard-${String(number).padStart(5, '0')}.npy`);
    let shard;
    try {
      shard = openArray(file, '|u1', 1);
      const [, height, width, channels] = shard.shape;
      if (height !== this.size || width !== this.size || channels !== 3) {
        throw new Error(`its shape (${shard.shape.join(', ')}) is not this cache's`);
      }
    } catch (error) {
      throw new BadInput(`${file}: damaged image cache: ${error.message}; delete its folder and ` +
          'run the same command again');
    }
    if (this.shards.size >= OPEN_SHARDS) {
      const [oldest, {fd}] = this.shards.entries().next().value;
      fs.closeSync(fd);
      this.shards.delete(oldest);
    }
    this.shards.set(number, shard);
    return shard;
  }
}
