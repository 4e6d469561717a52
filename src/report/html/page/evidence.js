// One finding with all that speaks for it, as findingOf gives it: for the report's dialog, a printed page, the review page.

const pairs = (entries) => make('dl', { className: 'facts' }, ...entries.filter(([, value]) => value && value.length !== 0).map(([name, value, wide]) =>
  make('div', { className: wide ? 'wide' : '' }, make('dt', {}, name), make('dd', {}, ...[value].flat()))));
const path = (text) => isolated(text, 'path');
const list = (lines) => lines.length > 0 && make('ul', {}, ...lines.map((line) => make('li', {}, line)));
const part = (title, ...content) => make('section', {}, make('h3', {}, title), ...content);
const figure = (title, svg, ...caption) => make('figure', {}, make('figcaption', {}, make('span', { className: 'title' }, title), ...caption), svg);

// What the chance means, for those who have to explain it.
const chanceWords = ({ heard, verdict, chance, score, detail }) => {
  if (!heard) {
    return [make('p', { className: `big ${verdict[0]}` }, 'A claim, not a finding of sound'),
      make('p', {}, 'The item names this recording, and no sound of it was found in the item. It may be mislabelled, a preview page, or a fake. Nothing is said of how likely that is.')];
  }
  return [make('p', { className: `big ${verdict[0]}` }, `${capital(chance)}.`),
    make('p', {}, 'That is: take sound files that hold nothing of the catalogue, and compare each with every recording, at every place, speed and pitch that was tried here. So many of them would agree as well as this one does, by coincidence. It is an estimate from music that was known to be unrelated; it is not the chance that this finding is wrong, and it says nothing about who made the copy or whether it is licensed.'),
    make('p', { className: 'ids' }, `False-alarm probability ${detail.probability}, score ${score.toFixed(1)}.`)];
};

// What it claims of the recording, and what of both agrees.
const claimWords = ({ detail }) => (detail.claim
  ? [make('p', { className: 'big' }, `${capital(detail.claim)}.`),
    make('p', {}, detail.means),
    detail.agrees && make('p', { className: 'agrees' }, `In numbers: ${detail.agrees}.`)]
  : [make('p', {}, 'Not told: the finding was made by an earlier version. Scan the item again to have it.')]);

const INTEGRITY = {
  verified: 'verified: every byte on disk has the hash that the torrent gives',
  partial: 'verified in part: the other bytes were not fetched, or share a piece with a file that is not there',
  unverified: 'not verified: no byte could be compared',
  damaged: 'damaged: bytes on disk are not those of the torrent',
  unchecked: 'not compared',
};

const where = ({ detail }) => pairs([
  ['Item', path(detail.path), true],
  ['Locator, for programs', detail.locator !== detail.path && path(detail.locator), true],
  ['SHA-256', detail.sha256 ? path(detail.sha256) : 'not known', true],
  ['Size', `${detail.bytes} bytes`],
  ['Audio', [detail.length, detail.codec && `, ${detail.codec}`, detail.stream && `, stream ${detail.stream}`]],
  ['Lies in', detail.within && `${detail.within}${detail.offset === null ? '' : `, from byte ${count(detail.offset)}`}`],
  ...(detail.torrent ? [
    ['Torrent', [isolated(detail.torrent.name), ', file ', path(detail.torrent.file)], true],
    ['Info-hash', [detail.torrent.hash, detail.torrent.hash2].filter(Boolean).map(path), true],
    ['Torrent’s hashes', `${INTEGRITY[detail.torrent.integrity]}; ${detail.torrent.verified} bytes verified`, true],
  ] : []),
]);

const what = ({ recording, standing, detail }) => pairs([
  ['Recording', [isolated(recording.title), recording.artist && ' – ', isolated(recording.artist)], true],
  ['Release', recording.release && isolated(recording.release)],
  ['Label', recording.label && isolated(recording.label)],
  ['ISRC', recording.isrc && path(recording.isrc)],
  ...recording.delivered.map(([name, text]) => [name, isolated(text)]),
  ['Id in the catalogue', path(recording.id)],
  ['Length', detail.recordingSeconds > 0 && clock(detail.recordingSeconds)],
  ['Label’s file', path(recording.file), true],
  ['Rights', standing ? [make('b', {}, standing), ': ', isolated(detail.standing)] : 'nothing in the catalogue limits the label’s right', true],
  ['Same passage in', detail.shared.length > 0 && [...detail.shared.map((id) => make('span', { className: 'path' }, isolated(id), ' ')), 'which of them the item took it from cannot be told'], true],
]);

const TIERS_WORDS = [[1, 'T0', 'an identifier'], [2, 'T1', 'the hash of the file'], [4, 'T3', 'the sound as released'], [8, 'T4', 'the sound at another speed, tempo or pitch']];
const CLAIM_WORDS = {
  agree: 'what the item says of itself and its sound agree',
  disagree: 'what the item says of itself names another recording than its sound',
  'claim only': 'the item names a recording of the catalogue that is not heard in it',
  'sound only': 'the item does not name the recording that is heard in it',
  'foreign claim': 'the item has an ISRC that is not of the catalogue',
};

const how = ({ tiers, heard, how: played, tempo, pitch, claims, detail }) => {
  const spoken = TIERS_WORDS.filter(([bit]) => tiers & bit).map(([, name, words]) => `${name}, ${words}`);
  const signed = (number, digits) => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(digits)}`;
  return pairs([
    ['What speaks for it', spoken.join('; '), true],
    ...(heard ? [
      ['How it plays', played],
      ['Tempo and pitch', `tempo × ${tempo.toFixed(4)}, pitch ${signed(pitch, 1)} cents`],
      ['Of the item', detail.ofItem],
      ['Of the recording', detail.ofRecording],
      ['Marks of the recording met', detail.evidence && `${count(detail.evidence.met)} of ${count(detail.evidence.peaks)}`],
    ] : []),
    ['Tags and sound', CLAIM_WORDS[claims] ?? '', true],
    ['Claimed by', list(detail.claimed.map((place) => isolated(place))), true],
    ['Notes', list(detail.notes.map((note) => isolated(note))), true],
  ]);
};

const spansTable = (detail) => {
  if (detail.spans.length === 0) return '';
  const head = make('thead', {}, make('tr', {}, ...['Item from', 'to', 'Recording from', 'to'].map((text) => make('th', { scope: 'col' }, text))));
  const body = make('tbody', {}, ...detail.spans.map((span) => make('tr', {}, ...span.map((seconds) => make('td', {}, clock(seconds))))));
  const table = make('table', { className: 'plain spans' }, make('caption', { className: 'unseen' }, 'Where item and recording agree'), head, body);
  const more = detail.unlisted > 0 ? make('p', { className: 'more' }, `And ${count(detail.unlisted)} more in the CSV and JSONL reports.`) : '';
  return detail.spans.length > 6 ? make('details', {}, make('summary', {}, `All ${count(detail.spans.length)} stretches`), table, more) : make('div', {}, table, more);
};

const pictures = ({ pitch, released, detail }) => {
  const { evidence } = detail;
  if (!evidence) return make('p', { className: 'note' }, 'No picture of the alignment was kept: the finding was made by an earlier version. Scan the item again to have one.');
  const shown = [];
  if (evidence.window) {
    const { svg, together, all, seconds } = overlay(evidence, pitch);
    const warped = released ? '' : ' The recording’s marks are drawn at the tempo and pitch at which the item plays.';
    shown.push(figure('Both over each other', svg, make('span', { className: 'sentence' }, `${seconds.toFixed(1)} seconds from ${clock(evidence.window.at[0])} of the item and ${clock(evidence.window.at[2])} of the recording. Rings are the ${all} strongest marks of the recording, dots those of the item, of which the strongest are drawn beside those that meet a ring: ${together} rings hold a dot.${warped}`),
      make('ul', { className: 'legend' }, make('li', {}, make('span', { className: 'key ring met' }), 'recording, met by the item'), make('li', {}, make('span', { className: 'key ring' }), 'recording, not met'), make('li', {}, make('span', { className: 'key mark' }), 'item'))));
  }
  const pair = make('div', { className: 'two' });
  if (evidence.dots) pair.append(figure('Time against time', dotPlot(evidence, detail), make('span', { className: 'sentence' }, 'Moments that sound alike in both. The same music lies on a line; its slope is the tempo.')));
  const { svg, here, mean } = moved(evidence);
  pair.append(figure('Moved against each other', svg, make('span', { className: 'sentence' }, `Where it was found, ${here} % of the recording’s strong marks are met; moved away by up to 3 s, ${mean} % on average. Smaller peaks beside it are the music’s own beat.`)));
  if (!evidence.dots) shown.push(make('p', { className: 'note' }, 'The other pictures of this finding are in the JSONL report only: this page has too many.'));
  return make('div', { className: 'pictures' }, ...shown, pair);
};

const runnerUp = ({ detail }) => {
  const next = detail.evidence?.runnerUp;
  if (!detail.evidence) return make('p', {}, 'Not known: the finding was made by an earlier version.');
  if (!next) return make('p', {}, 'No other recording of the catalogue shows any likeness with this stretch of the item.');
  return make('p', {}, 'The next best recording for this stretch is ', make('b', {}, isolated(next.title || 'untitled'), next.artist && ' – ', next.artist && isolated(next.artist)), ' (id ', path(next.id), `): ${next.chance}.`);
};

// What it is, in a few lines.
const headOf = ({ verdict, name, recording, standing, heard, how: played, detail }, titleId) => [
  make('h2', { id: titleId, tabindex: -1 }, badge(verdict), ' ', isolated(recording.title), recording.artist && make('span', { className: 'by' }, ' by ', isolated(recording.artist))),
  heard
    ? make('p', { className: 'lead' }, detail.claim && make('b', { className: 'claim' }, `${capital(detail.claim)}. `), `${capital(played)}; ${detail.ofRecording} of the recording, ${detail.ofItem} of `, isolated(name, 'path'), '.')
    : make('p', { className: 'lead' }, 'Named by ', isolated(name, 'path'), ', not heard in it.'),
  standing && make('p', { className: 'why' }, make('b', {}, `${capital(standing)}: `), isolated(detail.standing)),
  detail.decision && make('p', { className: 'why decided' }, make('b', {}, 'Decided: '), isolated(detail.decision)),
  detail.id && make('p', { className: 'ids' }, 'Finding ', path(detail.id)),
].filter(Boolean);

// What speaks for it.
const evidenceOf = (finding) => [
  finding.heard && part('What it claims', ...claimWords(finding)),
  part('How sure it is', ...chanceWords(finding)),
  finding.heard && part('Where they agree', timeLine(finding.detail), spansTable(finding.detail)),
  finding.heard && part('What the alignment looks like', pictures(finding)),
  finding.heard && part('Runner-up', runnerUp(finding)),
  part('Where it is', where(finding)),
  part('What it is', what(finding)),
  part('How it was found', how(finding)),
].filter(Boolean);

// The whole of it, for a dialog or a printed page.
const sheetOf = (finding, titleId) => make('article', { className: 'finding-sheet' }, ...headOf(finding, titleId), ...evidenceOf(finding));
