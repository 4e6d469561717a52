// Search, filter and sort. The page is complete without it.
'use strict';
(() => {
  const tools = document.getElementById('tools');
  const search = document.getElementById('search');
  const verdict = document.getElementById('verdict');
  const shown = document.getElementById('shown');
  const sections = [...document.querySelectorAll('section[data-verdict]')];
  const findings = [...document.querySelectorAll('tbody.finding')];
  const texts = new Map(findings.map((f) => [f, f.textContent.toLowerCase()]));

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const section of sections) {
      section.hidden = verdict.value !== '' && section.dataset.verdict !== verdict.value;
      for (const finding of section.querySelectorAll('tbody.finding')) {
        finding.hidden = !words.every((word) => texts.get(finding).includes(word));
        if (!finding.hidden && !section.hidden) count += 1;
      }
    }
    const all = count === findings.length;
    shown.value = all ? `${count} findings` : `${count} of ${findings.length} findings`;
  };

  const key = (finding, column) => {
    const text = finding.rows[0].cells[column].dataset.key;
    const number = Number(text.replaceAll(',', ''));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));

  const sort = (table, header, column) => {
    const down = header.getAttribute('aria-sort') === 'ascending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const rows = [...table.tBodies].map((body) => [key(body, column), body]);
    rows.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
    table.append(...rows.map(([, body]) => body));
  };

  for (const table of document.querySelectorAll('table.findings')) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...header.childNodes);
      button.addEventListener('click', () => sort(table, header, column));
      header.append(button);
    });
  }
  tools.addEventListener('submit', (event) => event.preventDefault());
  search.addEventListener('input', filter);
  verdict.addEventListener('change', filter);
  window.addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('.evidence details')) details.open = true;
  });
  tools.hidden = findings.length === 0;
  filter();
})();
