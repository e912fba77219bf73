// The process in which a model is scored as WebAssembly: `node worker.mjs RUNTIME_FOLDER JOB.json`.
//
// It keeps to the protocol of runtimes/messages.py, so that edgetag follows it like any worker: a
// job in, events out, scores in a .npy file that appears when it is whole. Images are read one at
// a time, so memory does not grow with their number.

import fs from 'node:fs';

import {ImageCache} from './cache.mjs';
import {ARRAYS, checked, decode, encodingTable} from './encoding.mjs';
import {Refused} from './errors.mjs';
import {emit, eventOf, oneLine} from './events.mjs';
import {countRows, rowNumbers, ScoresFile} from './npy.mjs';
import {openSession} from './session.mjs';

const REPORT_EVERY_MS = 200;

async function perform(folder, job) {
  const cache = new ImageCache(job.cache);
  const session = await openSession(folder, job.model);
  const [, height, width] = session.input.shape;
  if (height !== cache.size || width !== cache.size) {
    throw new Refused(`it takes images of ${width}x${height}, but the image cache has ` +
        `${cache.size}x${cache.size}`);
  }
  emit({event: 'loaded'});
  scoreRows(session, job, cache);
}

function scoreRows(session, job, cache) {
  const table = encodingTable(job.contract, session.input);
  const values = new ARRAYS[session.input.dtype](cache.imageBytes);
  const scores = new ScoresFile(job.scores, countRows(job.rows), session.tags);
  let done = 0;
  const started = performance.now();
  const cpu = process.cpuUsage();
  let reported = started;
  for (const row of rowNumbers(job.rows)) {
    const pixels = cache.read(row);
    for (let i = 0; i < pixels.length; i++) values[i] = table[pixels[i]];
    const found = checked(decode(session.run(values), session.output), session.output);
    scores.write(Buffer.from(found.buffer));
    done += 1;
    const now = performance.now();
    if (now - reported >= REPORT_EVERY_MS) {
      emit({event: 'scored', images: done});
      reported = now;
    }
  }
  const seconds = (performance.now() - started) / 1e3;
  const {user, system} = process.cpuUsage(cpu);
  scores.finish();
  emit({event: 'scored', images: done});
  emit({event: 'done', seconds, cpu_seconds: (user + system) / 1e6});
}

/** Say the crash in one line, which is all that the parent shows, and end. */
function crash(error) {
  const text = typeof error === 'number' ? 'a C++ exception' : `${error?.name}: ${error?.message}`;
  fs.writeSync(2, oneLine(text) + '\n');
  process.exit(1);
}

process.on('uncaughtException', crash);
const [folder, jobFile] = process.argv.slice(2);
try {
  await perform(folder, JSON.parse(fs.readFileSync(jobFile, 'utf8')));
} catch (error) {
  if (error?.code === 'EPIPE') process.exit(1);  // the parent is gone, and the need for scores
  const event = eventOf(error);
  if (event === null) crash(error);
  emit(event);
}
process.exit(0);  // Emscripten may leave timers behind
