// Reads the findings in the report's page: rows when it opens, details when a finding is opened. Grammar: module doc of data.rs.

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

// All pieces but the last have as many findings as the first.
let pieces, pieceLength;
const detailsOf = (number) => {
  pieces ??= [...document.querySelectorAll('script.details')];
  pieceLength ??= JSON.parse(pieces[0].textContent).length;
  const piece = JSON.parse(pieces[Math.floor(number / pieceLength)].textContent);
  return piece[number % pieceLength];
};
