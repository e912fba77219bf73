// What the worker tells: the events of messages.py, one JSON line each, on stdout and nothing else.

import fs from 'node:fs';

import {BadInput, Refused, WrongOutput} from './errors.mjs';

/** Write one event at once. Never console.log: it may buffer, and native code prints there. */
export function emit(event) {
  fs.writeSync(1, JSON.stringify(event) + '\n');
}

/** Return the event that an error stands for, or null where the process must count as crashed. */
export function eventOf(error) {
  if (error instanceof Refused) return {event: 'refused', reason: error.message};
  if (error instanceof WrongOutput) return {event: 'wrong_output', reason: error.message};
  if (error instanceof BadInput) return {event: 'bad_input', message: error.message};
  if (['ENOSPC', 'EDQUOT'].includes(error?.code)) {
    const message =
        'no space left on the disk; free some and run the same command again, finished work is kept';
    return {event: 'bad_input', message};
  }
  return null;
}

/** Return a runtime's message as one printable line without repeated parts. */
export function oneLine(text, limit = 300) {
  const lines = new Set(String(text).split(/\r?\n/).map((line) => line.trim()));
  lines.delete('');
  const joined = [...lines].join('; ') || 'no reason given';
  const printable = joined.replace(/[^\P{C}]/gu, '?');
  return printable.length <= limit ? printable : printable.slice(0, limit - 1) + '…';
}
