// The page: tags the picture that a person chooses or drops.

import {openTagger} from './tagger.mjs';

const by = (id) => document.getElementById(id);
const language = navigator.language.startsWith('ja') ? 'ja' : 'en';
const WORDS = {
  en: {
    passed: (n) => `self-test passed on ${n} pictures`,
    failed: (n) => `self-test FAILED on ${n} pictures: do not believe these tags`,
    milliseconds: (ms) => `${ms} ms`,
  },
  ja: {
    passed: (n) => `自己テスト合格（${n}枚）`,
    failed: (n) => `自己テスト不合格（${n}枚）: この結果は信用できません`,
    milliseconds: (ms) => `${ms} ミリ秒`,
  },
}[language];

document.documentElement.lang = language;
for (const text of document.querySelectorAll('[data-en]')) text.textContent = text.dataset[language];

const opened = openTagger().then(async (tagger) => {
  const {web} = tagger;
  const {passed, pictures} = await tagger.selfTest();
  const outcome = WORDS[passed ? 'passed' : 'failed'](pictures);
  by('model').textContent = `${web.variant} · ${outcome}`;
  by('model').classList.toggle('bad', !passed);
  document.body.dataset.ready = passed ? 'passed' : 'failed';
  return tagger;
});
opened.catch((error) => say(error.message, true));

let round = 0;

async function show(file) {
  const mine = ++round;
  say('…');
  try {
    const tagger = await opened;
    const started = performance.now();
    const tags = await tagger.tagsOf(file);
    const took = Math.round(performance.now() - started);
    if (mine !== round) return;
    URL.revokeObjectURL(by('picture').src);
    by('picture').src = URL.createObjectURL(file);
    by('picture').className = tags.some((tag) => tag.present && tag.sensitive) ? 'covered' : '';
    list(tags.sort((a, b) => b.present - a.present || b.score - a.score));
    by('shown').hidden = false;
    say(WORDS.milliseconds(took));
    document.body.dataset.done = mine;
  } catch (error) {
    if (mine !== round) return;
    by('shown').hidden = true;
    say(error.message, true);
  }
}

function list(tags) {
  by('tags').replaceChildren(...tags.map((tag) => {
    const line = document.createElement('tr');
    line.className = tag.present ? 'present' : '';
    line.dataset.tag = tag.tag;
    line.dataset.score = tag.score;
    const meter = document.createElement('meter');
    meter.value = tag.score;
    for (const part of [tag[language], tag.score.toFixed(3), meter]) {
      const cell = document.createElement('td');
      cell.append(part);
      line.append(cell);
    }
    return line;
  }));
}

function say(words, bad = false) {
  by('said').textContent = words;
  by('said').className = bad ? 'bad' : '';
}

function take(files) {
  if (files.length) show(files[0]);
}

by('picture').addEventListener('click', () => { by('picture').className = ''; });
by('file').addEventListener('change', (event) => take(event.target.files));
for (const kind of ['dragover', 'dragleave', 'drop']) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    by('drop').classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') take(event.dataTransfer.files);
  });
}
