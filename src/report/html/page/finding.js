// Shared by the report and the review page: fields of a finding (see the module doc of data.rs), elements, numbers in words.

const VERDICT = 0, FOLDER = 1, NAME = 2, CONTAINER = 3, RECORDING = 4, TEMPO = 5, PITCH = 6, OF_ITEM = 7, OF_RECORDING = 8,
  PROBABILITY = 9, SCORE = 10, TIERS = 11, STANDING = 12, CLAIMS = 13, HOW = 14, CHANCE = 15, DECISION = 16, RELATION = 17, NOTICE = 18;
const ID = 0, TITLE = 1, ARTIST = 2, ISRC = 3, FILE = 4, RELEASE = 5, LABEL = 6, DELIVERED = 7;
const HEARD = 4 | 8;
// What a finding may claim, in words short enough for a list.
const RELATIONS = {
  copy: 'copy', excerpt: 'excerpt', contains: 'in a longer item', layered: 'with other sound', stem: 'stem', 'shared material': 'shared material',
};
const VERDICTS = [['match', 'Match'], ['suspect', 'Suspect'], ['permitted', 'Permitted']];

// A finding with named fields. Its row has indices into texts and recordings, which are those of the page or of its piece.
const findingOf = ({ texts, recordings }, row, detail) => {
  const recording = recordings[row[RECORDING]];
  return {
    detail,
    verdict: VERDICTS[row[VERDICT]],
    name: row[NAME],
    recording: {
      id: recording[ID], title: titleOf(recording), artist: recording[ARTIST], isrc: recording[ISRC], file: recording[FILE],
      release: texts[recording[RELEASE]], label: texts[recording[LABEL]], delivered: recording[DELIVERED],
    },
    tempo: row[TEMPO], pitch: row[PITCH], score: row[SCORE], tiers: row[TIERS],
    standing: texts[row[STANDING]], claims: texts[row[CLAIMS]], how: texts[row[HOW]], chance: texts[row[CHANCE]],
    heard: isHeard(row), released: isReleased(row),
  };
};

const titleOf = (recording) => recording[TITLE] || recording[FILE].split(/[/\\]/).pop() || 'untitled';
const nameOf = (recording) => (recording[ARTIST] ? `${titleOf(recording)} – ${recording[ARTIST]}` : titleOf(recording));
const isHeard = (row) => (row[TIERS] & HEARD) !== 0;
const isReleased = (row) => isHeard(row) && (row[TIERS] & 8) === 0;

// An element with its class and content. Text is added as text, never as markup.
const make = (tag, options = {}, ...content) => {
  const { className, ...attributes } = options;
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content.filter((part) => part !== null && part !== undefined && part !== false && part !== ''));
  return element;
};
const isolated = (text, className = '') => make('bdi', { className }, text);
const badge = ([kind, word]) => make('span', { className: `badge ${kind}` }, word);
const capital = (text) => text.replace(/^./, (c) => c.toUpperCase());

const count = (number) => number.toLocaleString('en-US');
const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
const percent = (share) => (share > 0 && share < 0.01 ? 'under 1 %' : `${Math.floor(share * 100 + 5e-7)} %`);

// Seconds as m:ss.s, or as h:mm:ss.s from one hour on: 75.25 is 1:15.3.
const clock = (seconds) => {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const [hours, minutes, rest] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, tenths % 600];
  const tail = `${String(Math.floor(rest / 10)).padStart(2, '0')}.${rest % 10}`;
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
};
