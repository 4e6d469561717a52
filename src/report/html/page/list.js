// Filters, sorts and groups the findings, and draws the rows in sight: of 100,000 findings only some dozens are elements.

const COLUMNS = [
  { key: 'item', title: 'Item', of: (row, number) => number },
  { key: 'recording', title: 'Recording', of: (row) => rankOf[row[RECORDING]] },
  { key: 'how', title: 'How it plays', of: (row) => (isHeard(row) ? row[TEMPO] + row[PITCH] / 1e6 : Infinity) },
  { key: 'share', title: 'Claim, how much', of: (row) => row[OF_RECORDING] },
  { key: 'chance', title: 'Coincidence', of: (row) => row[PROBABILITY] },
  { key: 'score', title: 'Score', of: (row) => row[SCORE] },
];
const GROUPS = {
  recording: { of: (row) => row[RECORDING], name: (key) => nameOf(recordings[key]) },
  artist: { of: (row) => recordings[row[RECORDING]][ARTIST], name: (key) => key },
  release: { of: (row) => recordings[row[RECORDING]][RELEASE], name: (key) => texts[key] },
  label: { of: (row) => recordings[row[RECORDING]][LABEL], name: (key) => texts[key] },
  container: { of: (row) => row[CONTAINER], name: (key) => texts[key] },
  relation: { of: (row) => row[RELATION], name: (key) => capital(RELATIONS[texts[key]] ?? '') },
};
const HOWS = {
  released: (row) => isReleased(row),
  changed: (row) => isHeard(row) && !isReleased(row),
  whole: (row) => isHeard(row) && row[OF_RECORDING] >= 0.9,
  part: (row) => isHeard(row) && row[OF_RECORDING] < 0.9,
  claim: (row) => !isHeard(row),
};

const view = { words: [], verdict: '', relation: '', how: '', mark: '', group: '', sort: 'score', down: true, open: new Set() };
// `order`: numbers of the findings shown, sorted. `entries`: the lines of the list, which are these numbers and heads of groups.
let order = [];
let entries = [];
let rankOf = [];

const rankRecordings = () => {
  const collator = new Intl.Collator('en', { numeric: true });
  const names = recordings.map(nameOf);
  rankOf = new Array(names.length);
  names.map((_, at) => at).sort((a, b) => collator.compare(names[a], names[b]) || a - b).forEach((at, rank) => { rankOf[at] = rank; });
};

// Lower-case texts to search in, made at the first search.
let lower;
const lowered = () => {
  lower ??= {
    names: rows.map((row) => row[NAME].toLowerCase()),
    texts: texts.map((text) => text.toLowerCase()),
    recordings: recordings.map((r) => [r[ID], r[TITLE], r[ARTIST], r[ISRC], texts[r[RELEASE]], texts[r[LABEL]]].join('\n').toLowerCase()),
  };
  return lower;
};

// Tells whether a finding has every word. Folders and recordings are searched once, not once for each finding.
const searcher = (words) => {
  if (words.length === 0) return () => true;
  const all = lowered();
  const tests = words.map((word) => ({ word, folders: all.texts.map((text) => text.includes(word)), recordings: all.recordings.map((text) => text.includes(word)) }));
  return (row, number) => tests.every(({ word, folders, recordings: found }) => found[row[RECORDING]] || folders[row[FOLDER]] || all.names[number].includes(word));
};

const MARKS = { s: STANDING, c: CLAIMS, d: DECISION, n: NOTICE };

const arrange = () => {
  const has = searcher(view.words);
  const [markKind, markText] = [view.mark[0], Number(view.mark.slice(2))];
  const isShown = (row, number) =>
    (view.verdict === '' || row[VERDICT] === Number(view.verdict))
    && (view.relation === '' || texts[row[RELATION]] === view.relation)
    && (view.how === '' || HOWS[view.how](row))
    && (view.mark === '' || row[MARKS[markKind]] === markText)
    && has(row, number);
  const found = [];
  rows.forEach((row, number) => { if (isShown(row, number)) found.push(number); });
  const { of } = COLUMNS.find((column) => column.key === view.sort);
  const keys = new Float64Array(rows.length);
  for (const number of found) keys[number] = of(rows[number], number);
  const sign = view.down ? -1 : 1;
  // Equal ones stay in the order of their paths.
  found.sort((a, b) => (keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b));
  group(found);
};

const group = (found) => {
  if (view.group === '') {
    order = found;
    entries = found;
    return;
  }
  const { of, name } = GROUPS[view.group];
  const groups = new Map();
  for (const number of found) {
    const key = of(rows[number]);
    if (!groups.has(key)) groups.set(key, { key, name: name(key) || 'none known', numbers: [], verdicts: [0, 0, 0] });
    const one = groups.get(key);
    one.numbers.push(number);
    one.verdicts[rows[number][VERDICT]] += 1;
  }
  const sorted = [...groups.values()].sort((a, b) => b.verdicts[0] - a.verdicts[0] || b.numbers.length - a.numbers.length || (a.name < b.name ? -1 : 1));
  order = sorted.flatMap((one) => one.numbers);
  entries = sorted.flatMap((one) => (view.open.has(one.key) ? [one, ...one.numbers] : [one]));
};

// The grid: a head with the columns, and a viewport that scrolls.
const grid = document.getElementById('grid');
const viewport = make('div', { className: 'viewport' });
const canvas = make('div', { className: 'canvas', role: 'rowgroup' });
const headers = [];
let current = 0;
let rowHeight = 64;
// Browsers limit the height of an element to some 17 to 33 million pixels.
const TALLEST = 15_000_000;

// A folder without the part that all folders have in common.
let common;
const shortFolder = (row) => {
  common ??= rows.map((other) => texts[other[FOLDER]]).reduce((a, b) => {
    let end = 0;
    while (end < a.length && a[end] === b[end]) end += 1;
    return a.slice(0, a.slice(0, end).lastIndexOf('/') + 1);
  });
  return texts[row[FOLDER]].slice(common.length) || texts[row[FOLDER]];
};

const cell = (role, className, ...content) => make('div', { role, className }, ...content);

const shareBar = (share) => {
  const bar = make('span', { className: 'share', 'aria-hidden': 'true' }, make('span', {}));
  bar.firstChild.style.width = `${Math.round(share * 100)}%`;
  return bar;
};

const findingRow = (number) => {
  const row = rows[number];
  const recording = recordings[row[RECORDING]];
  const heard = isHeard(row);
  const standing = [texts[row[DECISION]], texts[row[NOTICE]] && `notice ${texts[row[NOTICE]]}`, texts[row[STANDING]]].filter(Boolean).join(', ');
  const below = [recording[ISRC], texts[recording[RELEASE]]].filter(Boolean).join(' · ') || recording[ID];
  return make('div', { className: 'row finding', role: 'row' },
    cell('rowheader', 'c-item', badge(VERDICTS[row[VERDICT]]), make('span', { className: 'lines' }, make('button', { type: 'button', className: 'open', tabindex: -1 }, isolated(row[NAME])), isolated(shortFolder(row), 'under path'))),
    cell('gridcell', 'c-recording', make('span', { className: 'lines' }, make('span', { className: 'title' }, isolated(titleOf(recording)), recording[ARTIST] && ' – ', recording[ARTIST] && isolated(recording[ARTIST])), isolated(below, 'under'))),
    cell('gridcell', 'c-how', make('span', { className: 'lines' }, make('span', {}, texts[row[HOW]]), standing && make('span', { className: 'under standing' }, standing))),
    cell('gridcell', 'c-share', heard ? make('span', { className: 'lines' }, texts[row[RELATION]] && make('span', { className: 'relation' }, capital(RELATIONS[texts[row[RELATION]]])), make('span', {}, shareBar(row[OF_RECORDING]), `${percent(row[OF_RECORDING])} of recording`), make('span', {}, shareBar(row[OF_ITEM]), `${percent(row[OF_ITEM])} of item`)) : '–'),
    cell('gridcell', 'c-chance', heard ? texts[row[CHANCE]].replace(' unrelated items would score this high', '') : 'not heard'),
    cell('gridcell', 'c-score', heard ? row[SCORE].toFixed(1) : '–'));
};

const groupRow = (one) => {
  const told = one.verdicts.map((number, at) => number > 0 && plural(number, ...[['match', 'matches'], ['suspect', 'suspects'], ['permitted', 'permitted']][at])).filter(Boolean).join(', ');
  return make('div', { className: 'row group', role: 'row', 'aria-expanded': String(view.open.has(one.key)) },
    cell('rowheader', 'c-group', make('span', { className: 'twist', 'aria-hidden': 'true' }), make('span', { className: 'lines' }, isolated(one.name, 'title'), make('span', { className: 'under' }, `${plural(one.numbers.length, 'finding', 'findings')}: ${told}`))));
};

const rowAt = (at) => {
  const entry = entries[at];
  const row = typeof entry === 'number' ? findingRow(entry) : groupRow(entry);
  row.dataset.at = at;
  row.setAttribute('aria-rowindex', at + 2);
  if (view.group !== '') row.setAttribute('aria-level', typeof entry === 'number' ? 2 : 1);
  row.tabIndex = at === current ? 0 : -1;
  row.style.transform = `translateY(${at * rowHeight}px)`;
  return row;
};

// Draws the rows in sight, and the row that has the focus even if it is out of sight.
const draws = { asked: false };
const render = () => {
  const focused = canvas.contains(document.activeElement);
  const first = Math.max(0, Math.floor(viewport.scrollTop / rowHeight) - 4);
  const last = Math.min(listed(), Math.ceil((viewport.scrollTop + viewport.clientHeight) / rowHeight) + 4);
  const shown = [];
  for (let at = first; at < last; at += 1) shown.push(rowAt(at));
  if (current < listed() && (current < first || current >= last)) shown.push(rowAt(current));
  canvas.replaceChildren(...shown);
  if (focused) canvas.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
};
const renderSoon = () => {
  if (draws.asked) return;
  draws.asked = true;
  requestAnimationFrame(() => { draws.asked = false; render(); });
};

const listed = () => Math.min(entries.length, Math.floor(TALLEST / rowHeight));

const measure = () => {
  rowHeight = parseFloat(getComputedStyle(grid).getPropertyValue('--row')) || 64;
  canvas.style.height = `${listed() * rowHeight}px`;
  render();
};

const showCount = () => {
  const beyond = entries.length > listed() ? `; the first ${count(listed())} are listed, search to see others` : '';
  const groups = view.group === '' ? '' : ` in ${plural(entries.filter((entry) => typeof entry !== 'number').length, 'group', 'groups')}`;
  const all = order.length === rows.length;
  document.getElementById('shown').value = `${all ? plural(rows.length, 'finding', 'findings') : `${count(order.length)} of ${plural(rows.length, 'finding', 'findings')}`}${groups}${beyond}`;
};

const refresh = () => {
  performance.mark('arrange');
  arrange();
  current = 0;
  viewport.scrollTop = 0;
  // Groups that open make it a tree.
  grid.setAttribute('role', view.group === '' ? 'grid' : 'treegrid');
  grid.setAttribute('aria-rowcount', entries.length + 1);
  for (const { header, column } of headers) header.setAttribute('aria-sort', column.key === view.sort ? (view.down ? 'descending' : 'ascending') : 'none');
  showCount();
  measure();
  performance.measure('leakhound-arrange', 'arrange');
};

const sortBy = (key) => {
  const same = key === view.sort;
  view.down = same ? !view.down : ['share', 'score'].includes(key);
  view.sort = key;
  document.getElementById('sort').value = key;
  refresh();
};

const toggle = (one, open = !view.open.has(one.key)) => {
  if (open) view.open.add(one.key); else view.open.delete(one.key);
  const at = current;
  group([...order]);
  grid.setAttribute('aria-rowcount', entries.length + 1);
  current = at;
  showCount();
  measure();
  focusOn(at);
};

const focusOn = (at) => {
  current = Math.max(0, Math.min(at, listed() - 1));
  const top = current * rowHeight;
  if (top < viewport.scrollTop) viewport.scrollTop = top;
  else if (top + rowHeight > viewport.scrollTop + viewport.clientHeight) viewport.scrollTop = top + rowHeight - viewport.clientHeight;
  render();
  canvas.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
};

const act = (at) => {
  current = at;
  const entry = entries[at];
  if (typeof entry === 'number') openEvidence(order.indexOf(entry)); else toggle(entry);
};

const onKey = (event) => {
  const page = Math.max(1, Math.floor(viewport.clientHeight / rowHeight) - 1);
  const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: listed() - 1 }[event.key];
  const entry = entries[current];
  if (to !== undefined) focusOn(to);
  else if (event.key === 'Enter' || event.key === ' ') act(current);
  else if (typeof entry === 'object' && event.key === 'ArrowRight') toggle(entry, true);
  else if (typeof entry === 'object' && event.key === 'ArrowLeft') toggle(entry, false);
  else return;
  event.preventDefault();
};

const buildGrid = () => {
  const head = make('div', { className: 'row header', role: 'row', 'aria-rowindex': 1 });
  for (const column of COLUMNS) {
    const button = make('button', { type: 'button' }, column.title);
    button.addEventListener('click', () => sortBy(column.key));
    const header = cell('columnheader', `c-${column.key}`, button);
    headers.push({ header, column });
    head.append(header);
  }
  viewport.append(canvas);
  grid.setAttribute('aria-colcount', COLUMNS.length);
  grid.append(make('div', { className: 'head', role: 'rowgroup' }, head), viewport);
  viewport.addEventListener('scroll', renderSoon, { passive: true });
  canvas.addEventListener('keydown', onKey);
  canvas.addEventListener('click', (event) => {
    const row = event.target.closest('.row');
    if (row && getSelection().isCollapsed) act(Number(row.dataset.at));
  });
};
