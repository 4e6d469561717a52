// The page of `leakhound review --serve`: one finding, its decision, the keys. Texts from outside are only set as text, never as markup.

// The finding on the sheet, as /api/finding gave it. `turn` counts requests, so that a late answer is ignored.
const sheet = { told: null, turn: 0 };

const show = async (at) => {
  listing.at = at;
  sheet.turn += 1;
  const { turn } = sheet;
  silence();
  const told = await (await ask(`/api/finding?at=${at}`)).json();
  if (turn !== sheet.turn) return;
  byId('nothing').hidden = true;
  byId('finding').hidden = false;
  lay(told);
  byId('reason').value = '';
  for (const ground of document.getElementsByName('ground')) ground.checked = false;
  tell('told', '');
  offer(at, told.clips);
  byId('parts').replaceChildren(...evidenceOf(findingOf(told.piece, told.piece.rows[0], told.piece.details[0])));
  byId('finding').dataset.at = at;
  byId('sheet').scrollTop = 0;
  // On a narrow screen the sheet lies below the list.
  if (matchMedia('(max-width: 56rem)').matches) byId('sheet').scrollIntoView();
};

// Shows the parts that change with a decision.
const lay = (told) => {
  sheet.told = told;
  byId('head').replaceChildren(...headOf(findingOf(told.piece, told.piece.rows[0], told.piece.details[0]), 'name'));
  byId('undo').hidden = !told.decision;
};

const decide = async (state) => {
  if (!sheet.told) return;
  const ground = document.querySelector('input[name=ground]:checked');
  if (state === 'dismissed' && !ground) {
    tell('told', 'Choose the ground of the dismissal.', true);
    document.querySelector('input[name=ground]').focus();
    return;
  }
  const { at, id } = sheet.told;
  const body = JSON.stringify({ at, id, state: state || null, ground: state === 'dismissed' ? ground.value : null, reason: byId('reason').value, by: byId('by').value });
  try {
    const told = await (await ask('/api/decide', { method: 'POST', body })).json();
    if (listing.at === at) {
      lay(told);
      tell('told', told.decided ? `Saved: ${told.decided}` : 'Withdrawn: the finding is open again.');
    }
    await refresh();
  } catch (error) { tell('told', error.message, true); }
};

const onKey = (event) => {
  if (!byId('keys').checked || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest('input:not([type=radio]):not([type=range]):not([type=checkbox]), textarea, select')) return;
  const press = (state) => () => document.querySelector(`#decide [data-state="${state}"]`).click();
  const keys = {
    j: () => step(1), k: () => step(-1), x: () => byId('switch').click(), '/': () => byId('search').focus(),
    a: press('accepted'), d: press('dismissed'), f: press('deferred'),
  };
  // A button that has the focus is pressed by the space bar itself.
  if (!event.target.closest('button, input, summary')) keys[' '] = toggle;
  const act = keys[event.key];
  if (!act || (event.key !== '/' && event.key !== 'j' && sheet.told === null)) return;
  event.preventDefault();
  act();
};

const begin = async () => {
  wireList();
  wireSound();
  byId('decide').addEventListener('submit', (event) => { event.preventDefault(); decide(event.submitter ? event.submitter.dataset.state : ''); });
  document.addEventListener('keydown', onKey);
  try {
    const told = await refresh(true);
    byId('run').textContent = `run ${told.run} of ${told.roots.join(', ')}`;
    byId('by').value = told.by;
    performance.mark('leakhound-ready');
    document.documentElement.dataset.ready = 'yes';
  } catch (error) { fault(error); }
};
begin();
