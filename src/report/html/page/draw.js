// Pictures of an alignment, as SVG. Each has a label that says in words what it shows.

const SVG = 'http://www.w3.org/2000/svg';
const draw = (tag, attributes, ...content) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
};
const label = (x, y, text, anchor = 'middle', className = 'tick') => draw('text', { x, y, 'text-anchor': anchor, class: className }, text);

const drawing = (width, height, says) => draw('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': says, class: width > 400 ? 'broad' : 'square' });

// Unpacks base64 of big-endian unsigned integers of `bytes` bytes each.
const unpack = (text, bytes) => {
  const raw = atob(text);
  const words = [];
  for (let at = 0; at + bytes <= raw.length; at += bytes) {
    let word = 0;
    for (let i = 0; i < bytes; i += 1) word = word * 256 + raw.charCodeAt(at + i);
    words.push(word);
  }
  return words;
};

// The smallest round number of seconds that divides a length into at most `parts` parts.
const tickStep = (length, parts) => [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((step) => length / step <= parts) ?? 7200;

// Item and recording as bars from beginning to end; the spans that agree are joined.
const timeLine = (detail) => {
  const spans = detail.spans.filter((span) => span.every(Number.isFinite));
  const length = [Math.max(detail.seconds, ...spans.map((s) => s[1])), Math.max(detail.recordingSeconds, ...spans.map((s) => s[3]))];
  const says = `Time line: ${plural(spans.length, 'stretch', 'stretches')} of the item, ${clock(length[0])} long, lie on the recording, ${clock(length[1])} long.`;
  const svg = drawing(720, 132, says);
  const x = (seconds, which) => 10 + Math.min(Math.max(seconds / (length[which] || 1), 0), 1) * 700;
  svg.append(draw('rect', { class: 'bar', x: 10, y: 24, width: 700, height: 20, rx: 3 }), draw('rect', { class: 'bar', x: 10, y: 88, width: 700, height: 20, rx: 3 }));
  for (const [a, b, c, d] of spans) {
    const [p, q, r, s] = [x(a, 0), x(b, 0), x(c, 1), x(d, 1)];
    svg.append(draw('polygon', { class: 'between', points: `${p},44 ${q},44 ${s},88 ${r},88` }));
    svg.append(draw('rect', { class: 'span', x: p, y: 24, width: Math.max(q - p, 2), height: 20 }), draw('rect', { class: 'span', x: r, y: 88, width: Math.max(s - r, 2), height: 20 }));
  }
  svg.append(label(10, 17, `The item, ${clock(length[0])}`, 'start', 'name'), label(10, 127, `The recording, ${clock(length[1])}`, 'start', 'name'));
  return svg;
};

// Spectral peaks of both in a few seconds, overlaid: rings are peaks of the recording, dots those of the item.
const overlay = (evidence, pitchCents) => {
  const { window } = evidence;
  const seconds = window.at[1] - window.at[0];
  const shift = (pitchCents / 1200) * 800;
  const [item, recording] = [window.item, window.recording].map((text) => unpack(text, 3).map((word) => [word >> 12, word & 0xfff]));
  // The recording's peaks, moved to the pitch at which the item plays.
  const ours = recording.map(([time, pitch]) => [time, pitch + shift]);
  // The tolerance of a peak match, 35 ms and 14 cents, plus the rounding error of the packed values. An octave is 800 units.
  const near = ([t, p]) => item.some(([time, pitch]) => Math.abs(time - t) <= (0.037 / seconds) * 4095 && Math.abs(pitch - p) <= 11);
  const met = ours.map(near);
  const heights = [...item, ...ours].map(([, pitch]) => pitch);
  const [low, high] = [Math.min(...heights) - 60, Math.max(...heights) + 60];
  const x = (time) => 44 + (time / 4095) * 660;
  const y = (pitch) => 236 - ((pitch - low) / (high - low || 1)) * 220;
  const together = met.filter(Boolean).length;
  const svg = drawing(720, 290, `${together} of the ${ours.length} strongest peaks of the recording in these ${seconds.toFixed(1)} seconds are in the item at the same moment and pitch.`);
  svg.append(draw('rect', { class: 'plot', x: 44, y: 12, width: 660, height: 228 }));
  for (let second = 0; second <= seconds; second += 1) {
    const at = x((second / seconds) * 4095);
    svg.append(draw('line', { class: 'rule', x1: at, x2: at, y1: 12, y2: 240 }), label(at, 258, clock(window.at[0] + second)));
  }
  for (const hertz of [250, 500, 1000, 2000, 4000]) {
    const pitch = Math.log2(hertz / 250) * 800;
    if (pitch > low && pitch < high) svg.append(draw('line', { class: 'rule', x1: 44, x2: 704, y1: y(pitch), y2: y(pitch) }), label(38, y(pitch) + 4, hertz < 1000 ? `${hertz}` : `${hertz / 1000}k`, 'end'));
  }
  ours.forEach(([time, pitch], at) => svg.append(draw('circle', { class: met[at] ? 'ring met' : 'ring', cx: x(time).toFixed(1), cy: y(pitch).toFixed(1), r: 6 })));
  for (const [time, pitch] of item) svg.append(draw('circle', { class: 'mark', cx: x(time).toFixed(1), cy: y(pitch).toFixed(1), r: 2.4 }));
  svg.append(label(374, 283, 'time in the item; pitch upwards, in hertz', 'middle', 'axis'));
  return { svg, together, all: ours.length, seconds };
};

// Matched peaks: time in the item against time in the recording.
const dotPlot = (evidence, detail) => {
  const dots = unpack(evidence.dots, 4).map((word) => [Math.floor(word / 2 ** 20), Math.floor(word / 256) % 4096]);
  const svg = drawing(350, 300, `${dots.length} matched peaks, time in the item against time in the recording, lie on ${detail.spans.length > 1 ? 'lines' : 'a line'}.`);
  const [width, height] = [detail.seconds, detail.recordingSeconds];
  const x = (part) => 52 + part * 284;
  const y = (part) => 252 - part * 238;
  svg.append(draw('rect', { class: 'plot', x: 52, y: 14, width: 284, height: 238 }));
  for (const [a, b, c, d] of detail.spans) {
    svg.append(draw('line', { class: 'found', x1: x(a / width), x2: x(b / width), y1: y(c / height), y2: y(d / height) }));
  }
  for (const [item, recording] of dots) svg.append(draw('circle', { class: 'mark', cx: x(item / 4095).toFixed(1), cy: y(recording / 4095).toFixed(1), r: 2.6 }));
  for (let at = 0, step = tickStep(width, 4); at <= width; at += step) svg.append(label(x(at / width), 268, clock(at).replace(/\.0$/, '')));
  for (let at = 0, step = tickStep(height, 5); at <= height; at += step) svg.append(label(46, y(at / height) + 4, clock(at).replace(/\.0$/, ''), 'end'));
  svg.append(label(194, 292, 'item across, recording upwards', 'middle', 'axis'));
  return svg;
};

// Share of the recording's peaks that match when the recording is shifted against the item.
const moved = (evidence) => {
  const shares = unpack(evidence.moved, 1);
  const middle = (shares.length - 1) / 2;
  const others = shares.filter((_, at) => Math.abs(at - middle) > 1);
  const mean = others.reduce((sum, share) => sum + share, 0) / (others.length || 1);
  const svg = drawing(350, 300, `${shares[middle]} per cent of the recording’s strong peaks match at the offset found, ${Math.round(mean)} per cent on average when it is shifted.`);
  const most = Math.max(...shares, 10);
  const step = 284 / shares.length;
  for (const part of [0, 0.5, 1]) {
    const y = 252 - part * 230;
    svg.append(draw('line', { class: 'rule', x1: 52, x2: 336, y1: y, y2: y }), label(46, y + 4, `${Math.round(part * most)} %`, 'end'));
  }
  shares.forEach((share, at) => {
    const height = (share / most) * 230;
    svg.append(draw('rect', { class: at === middle ? 'here' : 'away', x: (52 + at * step + 0.6).toFixed(1), y: (252 - height).toFixed(1), width: (step - 1.2).toFixed(1), height: height.toFixed(1) }));
  });
  for (const second of [-3, -2, -1, 0, 1, 2, 3]) svg.append(label(52 + (second * 10 + middle + 0.5) * step, 268, second > 0 ? `+${second}` : `${second}`.replace('-', '−')));
  svg.append(label(194, 292, 'shift in seconds', 'middle', 'axis'));
  return { svg, here: shares[middle], mean: Math.round(mean) };
};
