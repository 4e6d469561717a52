// What the report's page holds: rows at once, details when one is opened. The grammar is the module doc of data.rs.

const texts = [];
const recordings = [];
const rows = [];

const readRows = () => {
  for (const script of document.querySelectorAll('script.rows')) {
    const piece = JSON.parse(script.textContent);
    texts.push(...piece.texts);
    recordings.push(...piece.recordings);
    rows.push(...piece.rows);
  }
};

// All pieces but the last are as long as the first.
let pieces, pieceLength;
const detailsOf = (number) => {
  pieces ??= [...document.querySelectorAll('script.details')];
  pieceLength ??= JSON.parse(pieces[0].textContent).length;
  const piece = JSON.parse(pieces[Math.floor(number / pieceLength)].textContent);
  return piece[number % pieceLength];
};
