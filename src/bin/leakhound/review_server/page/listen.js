// Listening: two players, one audible at a time; the alignment maps their positions to each other.

const SIDES = ['item', 'recording'];
// Milliseconds before the audio of a finding is decoded, so that findings that are skipped cost nothing. A guess.
const REST = 250;
// `clips` are those of the finding on the sheet. `turn` counts requests, so that a late answer is ignored.
const sound = { at: null, clips: [], side: 'item', turn: 0, timer: 0, pending: false, eager: false };

const player = (which) => byId(`audio-${which}`);
const clip = () => sound.clips[Number(byId('clip').value)];
const secondsOf = (which) => clip()[`${which}_seconds`];
const shareOf = () => Math.min(player(sound.side).currentTime / secondsOf(sound.side), 1) || 0;

const tell = (id, text, wrong = false) => {
  byId(id).textContent = text;
  byId(id).classList.toggle('wrong', wrong);
};

const silence = () => {
  clearTimeout(sound.timer);
  sound.timer = 0;
  sound.turn += 1;
  sound.eager = sound.pending = false;
  for (const which of SIDES) player(which).pause();
};

// Loads the audio of another finding, after a moment.
const offer = (at, clips) => {
  silence();
  Object.assign(sound, { at, clips });
  byId('listen').hidden = clips.length === 0;
  byId('stretch').hidden = clips.length < 2;
  byId('clip').replaceChildren(...clips.map((one, number) => make('option', { value: number }, `${clock(one.item_from)} – ${clock(one.item_from + one.item_seconds)} of the item`)));
  if (clips.length === 0) return;
  empty();
  sound.timer = setTimeout(load, REST);
  sound.pending = true;
};

const empty = () => {
  for (const id of ['play', 'switch', 'position']) byId(id).disabled = true;
  byId('play').textContent = 'Play';
  byId('position').value = 0;
  tell('sound', 'Decoding both sides …');
  for (const which of SIDES) {
    player(which).removeAttribute('src');
    byId(`time-${which}`).textContent = clock(clip()[`${which}_from`]);
    wave(which, null);
  }
};

const load = async () => {
  const { eager } = sound;
  silence();
  const { turn, at } = sound;
  const number = byId('clip').value;
  Object.assign(sound, { pending: true, eager });
  empty();
  const results = await Promise.allSettled(SIDES.map(async (which) => {
    const bytes = await (await ask(`/api/audio?at=${at}&clip=${number}&side=${which}`)).arrayBuffer();
    if (turn !== sound.turn) return;
    const { dataset } = player(which);
    if (dataset.url) URL.revokeObjectURL(dataset.url);
    dataset.url = player(which).src = URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' }));
    wave(which, new Int16Array(bytes, 44));
  }));
  if (turn !== sound.turn) return;
  sound.pending = false;
  const wrong = SIDES.filter((_, at) => results[at].status === 'rejected');
  const why = wrong.map((which) => `${capital(which)}: ${results[SIDES.indexOf(which)].reason.message}`);
  tell('sound', why.join('\n'), wrong.length > 0);
  byId('play').disabled = byId('position').disabled = wrong.length === 2;
  byId('switch').disabled = wrong.length > 0;
  if (wrong.length === 1) hear(wrong[0] === 'item' ? 'recording' : 'item');
  tick();
  if (sound.eager) toggle();
  sound.eager = false;
};

const hear = (which) => {
  sound.side = which;
  for (const other of SIDES) {
    byId(`side-${other}`).setAttribute('aria-checked', String(other === which));
    byId(`side-${other}`).tabIndex = other === which ? 0 : -1;
  }
};

const turnTo = (which) => {
  if (which === sound.side || !player(which).src) return;
  const playing = !player(sound.side).paused;
  const at = shareOf();
  player(sound.side).pause();
  hear(which);
  player(which).currentTime = at * secondsOf(which);
  if (playing) player(which).play().catch(unplayed);
  tick();
};

const toggle = () => {
  if (sound.pending) {
    // Play as soon as the audio is there, and load it at once.
    sound.eager = true;
    if (sound.timer) load();
    return;
  }
  if (byId('play').disabled) return;
  const heard = player(sound.side);
  if (heard.paused) heard.play().catch(unplayed); else heard.pause();
};

const unplayed = (error) => {
  // A pause before the audio began is not an error.
  if (error.name !== 'AbortError') tell('sound', `The browser cannot play it: ${error.message}`, true);
};

const tick = () => {
  if (sound.clips.length === 0) return;
  const at = shareOf();
  byId('position').value = Math.round(at * 1000);
  for (const which of SIDES) {
    byId(`time-${which}`).textContent = clock(clip()[`${which}_from`] + at * secondsOf(which));
    mark(which, at);
  }
  byId('position').setAttribute('aria-valuetext', `${byId('time-item').textContent} of the item, ${byId('time-recording').textContent} of the recording`);
  byId('play').textContent = player(sound.side).paused ? 'Play' : 'Pause';
  if (!player(sound.side).paused) requestAnimationFrame(tick);
};

// The waveform: the loudest sample of each column.
const COLUMNS = 600;
const waves = {};
const wave = (which, samples) => {
  const peaks = new Float32Array(COLUMNS);
  if (samples) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const end = Math.floor(((column + 1) * samples.length) / COLUMNS);
      for (let n = Math.floor((column * samples.length) / COLUMNS); n < end; n += 1) peaks[column] = Math.max(peaks[column], Math.abs(samples[n]) / 32768);
    }
  }
  waves[which] = peaks;
  mark(which, 0);
};

const mark = (which, at) => {
  const peaks = waves[which];
  if (!peaks) return;
  const picture = byId(`wave-${which}`);
  const style = getComputedStyle(document.documentElement);
  picture.width = COLUMNS;
  picture.height = 56;
  const pen = picture.getContext('2d');
  pen.fillStyle = style.getPropertyValue('--accent');
  peaks.forEach((peak, x) => pen.fillRect(x, 28 - peak * 27, 1, Math.max(peak * 54, 1)));
  pen.fillStyle = style.getPropertyValue('--ink');
  pen.fillRect(Math.min(at * COLUMNS, COLUMNS - 2), 0, 2, 56);
};

const wireSound = () => {
  hear('item');
  byId('clip').addEventListener('change', load);
  byId('play').addEventListener('click', toggle);
  byId('switch').addEventListener('click', () => turnTo(sound.side === 'item' ? 'recording' : 'item'));
  for (const which of SIDES) {
    byId(`side-${which}`).addEventListener('click', () => turnTo(which));
    byId(`side-${which}`).addEventListener('keydown', (event) => {
      if (!event.key.startsWith('Arrow')) return;
      event.preventDefault();
      turnTo(which === 'item' ? 'recording' : 'item');
      byId(`side-${sound.side}`).focus();
    });
    for (const event of ['play', 'pause', 'ended', 'seeked']) player(which).addEventListener(event, tick);
  }
  byId('position').addEventListener('input', () => { player(sound.side).currentTime = (byId('position').value / 1000) * secondsOf(sound.side); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tick);
};
