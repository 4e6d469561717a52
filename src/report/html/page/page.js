// Connects the parts of the page: the tools above the list, the dialog, and printing.

const dialog = document.getElementById('evidence');
let opened = -1;
const finding = (number) => findingOf({ texts, recordings }, rows[number], detailsOf(number));

const openEvidence = (place) => {
  opened = place;
  const step = (text, by) => {
    const button = make('button', { type: 'button', className: by < 0 ? 'previous' : 'next' }, text);
    button.disabled = place + by < 0 || place + by >= order.length;
    button.addEventListener('click', () => openEvidence(place + by));
    return button;
  };
  const print = make('button', { type: 'button' }, 'Print');
  print.addEventListener('click', () => window.print());
  const close = make('button', { type: 'button', className: 'close' }, 'Close');
  close.addEventListener('click', () => dialog.close());
  const bar = make('div', { className: 'bar' }, make('p', {}, `Finding ${count(place + 1)} of ${count(order.length)}`), step('Previous', -1), step('Next', 1), print, close);
  dialog.replaceChildren(bar, sheetOf(finding(order[place]), 'evidence-title'));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  document.getElementById('evidence-title').focus();
};

const onDialogKey = (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by === undefined || opened + by < 0 || opened + by >= order.length) return;
  event.preventDefault();
  openEvidence(opened + by);
};

const closed = () => {
  // The event is delivered later, when another finding may be open.
  if (dialog.open) return;
  dialog.replaceChildren();
  const at = entries.indexOf(order[opened]);
  focusOn(at < 0 ? current : at);
};

// Printed instead of the scrolling list: the open finding, or else the list as filtered and sorted, up to a limit.
const PRINTED = 1000;
const printTable = () => {
  const head = make('thead', {}, make('tr', {}, ...COLUMNS.map((column) => make('th', { scope: 'col' }, column.title))));
  const body = make('tbody');
  for (const number of order.slice(0, PRINTED)) {
    const cells = [...findingRow(number).children].map((from) => make('td', {}, ...from.childNodes));
    body.append(make('tr', {}, ...cells));
  }
  const more = order.length > PRINTED ? `; the first ${count(PRINTED)} are printed` : '';
  return [make('p', { className: 'note' }, `${document.getElementById('shown').value}${more}.`), make('table', { className: 'plain listing' }, head, body)];
};
// Lists of failures that are closed; they are opened for printing.
const closedLists = [];
const beforePrint = () => {
  closedLists.push(...document.querySelectorAll('section[aria-labelledby="failures"] details:not([open])'));
  for (const details of closedLists) details.open = true;
  const print = document.getElementById('print');
  document.body.dataset.print = dialog.open ? 'one' : 'list';
  print.replaceChildren(...(dialog.open ? [sheetOf(finding(order[opened]), 'printed-title')] : printTable()));
  print.hidden = false;
};
const afterPrint = () => {
  for (const details of closedLists.splice(0)) details.open = false;
  delete document.body.dataset.print;
  const print = document.getElementById('print');
  print.hidden = true;
  print.replaceChildren();
};

const fillClaims = () => {
  const made = new Set(rows.map((row) => texts[row[RELATION]]));
  const told = Object.entries(RELATIONS).filter(([word]) => made.has(word));
  document.getElementById('relation').append(...told.map(([value, text]) => make('option', { value }, text)));
};

const fillMarks = () => {
  const select = document.getElementById('mark');
  const option = (kind, place, text) => select.append(make('option', { value: `${kind}:${place}` }, text));
  const seen = (field) => [...new Set(rows.map((row) => row[field]))].filter((place) => texts[place] !== '').sort((a, b) => (texts[a] < texts[b] ? -1 : 1));
  for (const place of seen(STANDING)) option('s', place, `rights: ${texts[place]}`);
  for (const place of seen(DECISION)) option('d', place, `decision: ${texts[place]}`);
  for (const place of seen(NOTICE)) option('n', place, `notice: ${texts[place]}`);
  for (const place of seen(CLAIMS)) option('c', place, `tags and sound: ${texts[place]}`);
};

const wireTools = () => {
  const tools = document.getElementById('tools');
  const byId = (id) => document.getElementById(id);
  byId('sort').append(...COLUMNS.map((column) => make('option', { value: column.key }, column.title.toLowerCase())));
  byId('sort').value = view.sort;
  byId('sort').addEventListener('change', () => sortBy(byId('sort').value));
  for (const id of ['verdict', 'relation', 'how', 'mark', 'group']) {
    byId(id).addEventListener('change', () => { view[id] = byId(id).value; view.open.clear(); refresh(); });
  }
  let asked;
  byId('search').addEventListener('input', () => {
    clearTimeout(asked);
    // Searches after a pause of a tenth of a second, not at each key.
    asked = setTimeout(() => { view.words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean); refresh(); }, 100);
  });
  tools.addEventListener('submit', (event) => event.preventDefault());
  tools.addEventListener('reset', () => {
    Object.assign(view, { words: [], verdict: '', relation: '', how: '', mark: '', group: '', sort: 'score', down: true });
    view.open.clear();
    setTimeout(() => { byId('sort').value = view.sort; refresh(); });
  });
};

const start = () => {
  readRows();
  rankRecordings();
  buildGrid();
  fillClaims();
  fillMarks();
  wireTools();
  dialog.addEventListener('keydown', onDialogKey);
  dialog.addEventListener('close', closed);
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  window.addEventListener('resize', measure);
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);
  document.getElementById('plain').hidden = true;
  document.getElementById('app').hidden = false;
  refresh();
};

if (document.getElementById('app')) start();
document.documentElement.dataset.ready = 'yes';
