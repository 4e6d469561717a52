// The sheet of one finding, made of what findingOf returns: for the report's dialog, a printed page and the review page.

const pairs = (entries) => make('dl', { className: 'facts' }, ...entries.filter(([, value]) => value && value.length !== 0).map(([name, value, wide]) =>
  make('div', { className: wide ? 'wide' : '' }, make('dt', {}, name), make('dd', {}, ...[value].flat()))));
const path = (text) => isolated(text, 'path');
const list = (lines) => lines.length > 0 && make('ul', {}, ...lines.map((line) => make('li', {}, line)));
const part = (title, ...content) => make('section', {}, make('h3', {}, title), ...content);
const figure = (title, svg, ...caption) => make('figure', {}, make('figcaption', {}, make('span', { className: 'title' }, title), ...caption), svg);

// The chance of coincidence, in words that can be passed on.
const chanceWords = ({ heard, verdict, chance, score, detail }) => {
  if (!heard) {
    return [make('p', { className: `big ${verdict[0]}` }, 'A claim, not a finding of sound'),
      make('p', {}, 'The item names this recording, but its sound was not found in the item. The item may be mislabelled, a preview page or a fake. No probability is given.')];
  }
  return [make('p', { className: `big ${verdict[0]}` }, `${capital(chance)}.`),
    make('p', {}, 'If sound files that contain nothing of the catalogue were compared with every recording, at every offset, speed and pitch that was tried here, this many of them would agree as well by coincidence. The estimate was fitted to music known to be unrelated. It is not the chance that this finding is wrong, and it does not say who made the copy or whether it is licensed.'),
    make('p', { className: 'ids' }, `False-alarm probability ${detail.probability}, score ${score.toFixed(1)}.`)];
};

// What the finding claims, and the shares of peaks behind it.
const claimWords = ({ detail }) => (detail.claim
  ? [make('p', { className: 'big' }, `${capital(detail.claim)}.`),
    make('p', {}, detail.means),
    detail.agrees && make('p', { className: 'agrees' }, `In numbers: ${detail.agrees}.`)]
  : [make('p', {}, 'Not known: the finding was made by an earlier version. Scan the item again to get it.')]);

const INTEGRITY = {
  verified: 'verified: all bytes on disk match the hashes of the torrent',
  partial: 'verified in part: the other bytes were not downloaded, or share a piece with a missing file',
  unverified: 'not verified: no piece could be compared',
  damaged: 'damaged: bytes on disk do not match the hashes of the torrent',
  unchecked: 'not compared',
};

const where = ({ detail }) => pairs([
  ['Item', path(detail.path), true],
  ['Locator, for programs', detail.locator !== detail.path && path(detail.locator), true],
  ['SHA-256', detail.sha256 ? path(detail.sha256) : 'not known', true],
  ['Size', `${detail.bytes} bytes`],
  ['Audio', [detail.length, detail.codec && `, ${detail.codec}`, detail.stream && `, stream ${detail.stream}`]],
  ['Container', detail.within && `${detail.within}${detail.offset === null ? '' : `, from byte ${count(detail.offset)}`}`],
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
  ['Rights', standing ? [make('b', {}, standing), ': ', isolated(detail.standing)] : 'the catalogue has no limit on the label’s right', true],
  ['Same passage in', detail.shared.length > 0 && [...detail.shared.map((id) => make('span', { className: 'path' }, isolated(id), ' ')), 'it cannot be told from which of them the item took it'], true],
]);

const TIERS_WORDS = [[1, 'T0', 'an identifier'], [2, 'T1', 'the hash of the file'], [4, 'T3', 'the sound as released'], [8, 'T4', 'the sound at another speed, tempo or pitch']];
const CLAIM_WORDS = {
  agree: 'the tags of the item and its sound name the same recording',
  disagree: 'the tags of the item name another recording than its sound',
  'claim only': 'the item names a recording of the catalogue that was not found in its sound',
  'sound only': 'the item does not name the recording that was found in its sound',
  'foreign claim': 'the item has an ISRC that is not in the catalogue',
};

const how = ({ tiers, heard, how: played, tempo, pitch, claims, detail }) => {
  const spoken = TIERS_WORDS.filter(([bit]) => tiers & bit).map(([, name, words]) => `${name}, ${words}`);
  const signed = (number, digits) => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(digits)}`;
  return pairs([
    ['Evidence', spoken.join('; '), true],
    ...(heard ? [
      ['How it plays', played],
      ['Tempo and pitch', `tempo × ${tempo.toFixed(4)}, pitch ${signed(pitch, 1)} cents`],
      ['Share of the item', detail.ofItem],
      ['Share of the recording', detail.ofRecording],
      ['Peaks of the recording matched', detail.evidence && `${count(detail.evidence.met)} of ${count(detail.evidence.peaks)}`],
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
  if (!evidence) return make('p', { className: 'note' }, 'There is no picture of the alignment: the finding was made by an earlier version. Scan the item again to get one.');
  const shown = [];
  if (evidence.window) {
    const { svg, together, all, seconds } = overlay(evidence, pitch);
    const warped = released ? '' : ' The recording’s peaks are drawn at the tempo and pitch at which the item plays.';
    shown.push(figure('Item and recording overlaid', svg, make('span', { className: 'sentence' }, `${seconds.toFixed(1)} seconds from ${clock(evidence.window.at[0])} of the item and ${clock(evidence.window.at[2])} of the recording. Rings are the ${all} strongest peaks of the recording. Dots are the peaks of the item that match a ring, and its strongest others. ${together} rings contain a dot.${warped}`),
      make('ul', { className: 'legend' }, make('li', {}, make('span', { className: 'key ring met' }), 'recording, matched'), make('li', {}, make('span', { className: 'key ring' }), 'recording, not matched'), make('li', {}, make('span', { className: 'key mark' }), 'item'))));
  }
  const pair = make('div', { className: 'two' });
  if (evidence.dots) pair.append(figure('Time against time', dotPlot(evidence, detail), make('span', { className: 'sentence' }, 'Matched peaks. The same music gives a straight line; its slope is the tempo.')));
  const { svg, here, mean } = moved(evidence);
  pair.append(figure('Shifted against each other', svg, make('span', { className: 'sentence' }, `At the offset found, ${here} % of the recording’s strong peaks match; shifted by up to 3 s, ${mean} % on average. Smaller maxima beside it come from the beat of the music.`)));
  if (!evidence.dots) shown.push(make('p', { className: 'note' }, 'The other pictures of this finding are only in the JSONL report: this page has reached its limit.'));
  return make('div', { className: 'pictures' }, ...shown, pair);
};

const runnerUp = ({ detail }) => {
  const next = detail.evidence?.runnerUp;
  if (!detail.evidence) return make('p', {}, 'Not known: the finding was made by an earlier version.');
  if (!next) return make('p', {}, 'No other recording of the catalogue agrees with this stretch of the item.');
  return make('p', {}, 'The second-best recording for this stretch is ', make('b', {}, isolated(next.title || 'untitled'), next.artist && ' – ', next.artist && isolated(next.artist)), ' (id ', path(next.id), `): ${next.chance}.`);
};

// The head of the sheet: recording, claim, item, rights, decision, notices.
const headOf = ({ verdict, name, recording, standing, heard, how: played, detail }, titleId) => [
  make('h2', { id: titleId, tabindex: -1 }, badge(verdict), ' ', isolated(recording.title), recording.artist && make('span', { className: 'by' }, ' by ', isolated(recording.artist))),
  heard
    ? make('p', { className: 'lead' }, detail.claim && make('b', { className: 'claim' }, `${capital(detail.claim)}. `), `${capital(played)}; ${detail.ofRecording} of the recording, ${detail.ofItem} of `, isolated(name, 'path'), '.')
    : make('p', { className: 'lead' }, 'Named by ', isolated(name, 'path'), ', not heard in it.'),
  standing && make('p', { className: 'why' }, make('b', {}, `${capital(standing)}: `), isolated(detail.standing)),
  detail.decision && make('p', { className: 'why decided' }, make('b', {}, 'Decided: '), isolated(detail.decision)),
  ...detail.notices.map((notice) => make('p', { className: 'why noticed' }, isolated(capital(notice)))),
  detail.id && make('p', { className: 'ids' }, 'Finding ', path(detail.id)),
].filter(Boolean);

// The sections of the sheet.
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

// The whole sheet, for a dialog or a printed page.
const sheetOf = (finding, titleId) => make('article', { className: 'finding-sheet' }, ...headOf(finding, titleId), ...evidenceOf(finding));
