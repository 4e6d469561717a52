// The list: pages of rows, fetched when they scroll into view. Only the visible rows are elements, so that 100,000 findings work.

const byId = (id) => document.getElementById(id);
const token = document.querySelector('meta[name=token]').content;

const ask = async (path, options = {}) => {
  const response = await fetch(path, { ...options, headers: { 'x-leakhound-token': token } });
  if (!response.ok) throw new Error(await response.text());
  return response;
};

// Rows per request (a guess), and the height in pixels up to which browsers draw an element (Firefox stops at some 17 million).
const PAGE = 100;
const TALLEST = 15_000_000;

// `pages` holds the rows of one filter and one state of the decisions; `turn` counts these. Rows are null until `ready`.
// `at` is the finding on the sheet and `place` its place in the list, or that of its successor if it is no longer `listed`.
const listing = { turn: 0, shown: 0, pages: new Map(), at: null, place: -1, listed: false, row: 76 };
const listBox = byId('list');
const canvas = byId('canvas');

const reach = () => Math.min(listing.shown, Math.floor(TALLEST / listing.row));
const rowOf = (place) => listing.pages.get(Math.floor(place / PAGE))?.rows?.[place % PAGE];

const findings = async (more) => {
  const wanted = { words: byId('search').value, verdict: byId('verdict').value, relation: byId('relation').value, state: byId('state').value, sort: byId('sort').value, count: PAGE, ...more };
  const query = Object.entries(wanted).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return (await ask(`/api/findings?${query}`)).json();
};

const showCounts = ({ shown, open, all }) => {
  const beyond = shown > reach() ? `; only the first ${count(reach())} are listed, search to see others` : '';
  byId('counts').textContent = `${plural(shown, 'finding', 'findings')} shown, ${count(open)} open of ${count(all)}${beyond}`;
  byId('none').hidden = shown > 0;
  listBox.hidden = shown === 0;
};

// Fetches the list again: after a change of the filter from the top, after a decision from where it is scrolled to.
const refresh = async (fromTop = false) => {
  listing.turn += 1;
  const { turn, at } = listing;
  const first = fromTop ? 0 : Math.floor(Math.max(0, listBox.scrollTop) / listing.row / PAGE);
  const told = await findings({ from: first * PAGE, ...(at === null ? {} : { near: at }) });
  if (turn !== listing.turn) return told;
  // Another finding was chosen meanwhile: its place is needed.
  if (at !== listing.at) return refresh(fromTop);
  listing.pages = new Map(told.from === first * PAGE ? [[first, { rows: told.rows, ready: Promise.resolve() }]] : []);
  listing.shown = told.shown;
  listing.place = told.near ? told.near.place : -1;
  listing.listed = told.near ? told.near.listed : false;
  showCounts(told);
  if (fromTop) listBox.scrollTop = 0;
  measure();
  stands();
  return told;
};

const read = async (number, page) => {
  const { turn } = listing;
  try {
    const told = await findings({ from: number * PAGE });
    if (turn !== listing.turn) return;
    // Somebody else has decided meanwhile.
    if (told.shown !== listing.shown) await refresh();
    else page.rows = told.rows;
  } catch (error) {
    if (turn === listing.turn) listing.pages.delete(number);
    throw error;
  }
};
const pageOf = (place) => {
  const number = Math.floor(place / PAGE);
  if (!listing.pages.has(number)) {
    const page = { rows: null };
    listing.pages.set(number, page);
    page.ready = read(number, page);
  }
  return listing.pages.get(number).ready;
};

const optionAt = (place) => {
  const row = rowOf(place);
  const chosen = listing.listed && place === listing.place;
  const option = make('div', { className: 'option', role: 'option', id: `option-${place}`, 'aria-selected': String(chosen), 'aria-setsize': listing.shown, 'aria-posinset': place + 1 });
  option.dataset.place = place;
  option.style.transform = `translateY(${place * listing.row}px)`;
  if (!row) {
    option.append(make('span', { className: 'name' }, '…'));
    return option;
  }
  // The file name and its folder.
  const short = row.path.split(/(?<=[/\\])/).slice(-2).join('');
  option.append(
    make('span', { className: 'name' }, isolated(row.name)),
    make('span', { className: 'path' }, isolated(short)),
    make('span', { className: 'marks' }, badge(VERDICTS.find(([kind]) => kind === row.verdict)), row.relation && make('span', { className: 'kind' }, RELATIONS[row.relation.replace('_', ' ')]), row.state && make('span', { className: 'tag' }, row.state), row.notice && make('span', { className: 'tag' }, `notice ${row.notice}`)));
  return option;
};

// Draws the visible rows, and the chosen one wherever it is.
const render = () => {
  const first = Math.max(0, Math.floor(listBox.scrollTop / listing.row) - 4);
  const last = Math.min(reach(), Math.ceil((listBox.scrollTop + listBox.clientHeight) / listing.row) + 4);
  const places = [];
  for (let place = first; place < last; place += 1) places.push(place);
  const chosen = listing.listed && listing.place < reach() ? listing.place : -1;
  if (chosen >= 0 && (chosen < first || chosen >= last)) places.push(chosen);
  canvas.replaceChildren(...places.map(optionAt));
  if (chosen >= 0) listBox.setAttribute('aria-activedescendant', `option-${chosen}`); else listBox.removeAttribute('aria-activedescendant');
  for (const number of new Set(places.map((place) => Math.floor(place / PAGE)))) {
    if (!listing.pages.has(number)) pageOf(number * PAGE).then(render, fault);
  }
};
let drawing_asked = false;
const renderSoon = () => {
  if (drawing_asked) return;
  drawing_asked = true;
  requestAnimationFrame(() => { drawing_asked = false; render(); });
};

const measure = () => {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  listing.row = parseFloat(getComputedStyle(listBox).getPropertyValue('--row')) * rem;
  canvas.style.height = `${reach() * listing.row}px`;
  render();
};

const stands = () => {
  byId('stands').value = listing.listed ? `Finding ${count(listing.place + 1)} of ${count(listing.shown)}` : 'No longer in the list';
  const [before, after] = listing.listed ? [listing.place, listing.shown - listing.place - 1] : [listing.place, listing.shown - listing.place];
  byId('previous').disabled = before <= 0;
  byId('next').disabled = after <= 0;
};

// Shows the finding at a place of the list.
const goTo = async (place) => {
  if (reach() === 0) return;
  const to = Math.max(0, Math.min(place, reach() - 1));
  Object.assign(listing, { place: to, listed: true });
  const top = to * listing.row;
  if (top < listBox.scrollTop) listBox.scrollTop = top;
  else if (top + listing.row > listBox.scrollTop + listBox.clientHeight) listBox.scrollTop = top + listing.row - listBox.clientHeight;
  try {
    while (listing.place === to && to < listing.shown && !rowOf(to)) await pageOf(to);
    const row = rowOf(to);
    // Another finding was chosen meanwhile.
    if (listing.place !== to || !row) return;
    render();
    stands();
    if (row.at !== listing.at) await show(row.at);
  } catch (error) { fault(error); }
};

const step = (by) => goTo(listing.listed || by < 0 ? listing.place + by : Math.max(0, listing.place));

const fault = (error) => { byId('counts').textContent = error.message; };

const onListKey = (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const page = Math.max(1, Math.floor(listBox.clientHeight / listing.row) - 1);
  const keys = { ArrowDown: () => step(1), ArrowUp: () => step(-1), PageDown: () => step(page), PageUp: () => step(-page), Home: () => goTo(0), End: () => goTo(reach() - 1), Enter: () => byId('name')?.focus() };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
};

const wireList = () => {
  let asked;
  byId('search').addEventListener('input', () => {
    clearTimeout(asked);
    // After a pause of a tenth of a second, not at every key.
    asked = setTimeout(() => refresh(true).catch(fault), 100);
  });
  byId('relation').append(...Object.entries(RELATIONS).map(([word, text]) => make('option', { value: word.replace(' ', '_') }, text)));
  for (const id of ['verdict', 'relation', 'state', 'sort']) byId(id).addEventListener('change', () => refresh(true).catch(fault));
  byId('filters').addEventListener('submit', (event) => event.preventDefault());
  listBox.addEventListener('scroll', renderSoon, { passive: true });
  listBox.addEventListener('keydown', onListKey);
  canvas.addEventListener('click', (event) => {
    const option = event.target.closest('.option');
    if (option) goTo(Number(option.dataset.place));
  });
  window.addEventListener('resize', measure);
  byId('previous').addEventListener('click', () => step(-1));
  byId('next').addEventListener('click', () => step(1));
};
