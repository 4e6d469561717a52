"use strict";
// The page of `leakhound review --serve`. Texts from outside are only ever set as text, never as markup.
const $ = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=token]").content;
const SIDES = ["item", "recording"];
const PAGE = 200; // rows that are drawn at once
let findings = [], shown = [], limit = PAGE, current = null, evidence = null;
let side = "item", loading = 0;

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { "x-leakhound-token": token } });
  if (!response.ok) throw new Error(await response.text());
  return response;
}

// ---- the list

function matches(finding) {
  const text = $("search").value.trim().toLowerCase();
  const state = $("state").value;
  return (!text || (finding.name + "\n" + finding.path + "\n" + finding.id).toLowerCase().includes(text))
    && (!$("verdict").value || finding.verdict === $("verdict").value)
    && (!state || (state === "open" ? !finding.state : finding.state === state));
}

function draw() {
  shown = findings.filter(matches);
  const rows = shown.slice(0, limit).map((finding) => {
    const row = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.dataset.at = finding.at;
    if (finding.at === current) button.setAttribute("aria-current", "true");
    const badge = span("badge " + finding.verdict, finding.verdict);
    const name = document.createElement("b");
    name.textContent = finding.name;
    const path = document.createElement("i");
    path.textContent = finding.path;
    button.append(badge, " ", finding.state ? span("tag", finding.state) : "", name, path);
    button.addEventListener("click", () => choose(finding.at));
    row.append(button);
    return row;
  });
  $("list").replaceChildren(...rows);
  $("more").hidden = shown.length <= limit;
  const open = findings.filter((finding) => !finding.state).length;
  $("counts").textContent = `${shown.length.toLocaleString("en")} shown, ${open.toLocaleString("en")} open of ${findings.length.toLocaleString("en")}`;
}

function span(kind, text) {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
}

function step(by) {
  const at = shown.findIndex((finding) => finding.at === current);
  const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
  if (next) choose(next.at);
}

// ---- one finding

async function choose(at) {
  current = at;
  evidence = null;
  loading++;
  stop();
  draw();
  const row = document.querySelector(`#list button[data-at="${at}"]`);
  if (row) row.scrollIntoView({ block: "nearest" });
  try {
    const found = await (await ask("/api/finding?at=" + at)).json();
    if (current === at) show(found);
  } catch (error) { tell("told", error.message, true); }
}

function show(found) {
  evidence = found;
  $("nothing").hidden = true;
  $("finding").hidden = false;
  $("badge").textContent = found.verdict;
  $("badge").className = "badge " + found.verdict;
  $("id").textContent = found.id;
  $("name").textContent = found.name;
  $("facts").replaceChildren(...found.facts.flatMap(([name, text]) => {
    const term = document.createElement("dt"), words = document.createElement("dd");
    term.textContent = name;
    words.textContent = text;
    return [term, words];
  }));
  $("reason").value = "";
  for (const ground of document.getElementsByName("ground")) ground.checked = false;
  decided(found);
  tell("told", "");
  $("listen").hidden = found.clips.length === 0;
  $("clip").replaceChildren(...found.clips.map((clip, number) => {
    const option = document.createElement("option");
    option.value = number;
    option.textContent = `${clock(clip.item_from)} – ${clock(clip.item_from + clip.item_seconds)} of the item`;
    return option;
  }));
  if (found.clips.length > 0) load();
}

function decided(found) {
  $("decided").hidden = !found.decided;
  $("decided").textContent = found.decided || "";
  $("undo").hidden = !found.decision;
}

async function decide(state) {
  if (!evidence) return;
  const ground = document.querySelector("input[name=ground]:checked");
  if (state === "dismissed" && !ground) {
    tell("told", "Choose the ground of the dismissal.", true);
    document.querySelector("input[name=ground]").focus();
    return;
  }
  const at = current;
  const body = JSON.stringify({
    at, id: evidence.id, state: state || null, ground: state === "dismissed" ? ground.value : null,
    reason: $("reason").value, by: $("by").value,
  });
  try {
    const found = await (await ask("/api/decide", { method: "POST", body })).json();
    for (const finding of findings) {
      if (finding.id === found.id) finding.state = found.decision ? found.decision.state : null;
    }
    draw();
    if (current === at) {
      evidence = found;
      decided(found);
      tell("told", found.decided ? "Kept: " + found.decided : "Taken back; it is open again.");
    }
  } catch (error) { tell("told", error.message, true); }
}

function tell(id, text, wrong = false) {
  $(id).textContent = text;
  $(id).classList.toggle("wrong", wrong);
}

// ---- listening: two players, one heard at a time, their positions mapped by the alignment

const player = (which) => $("audio-" + which);
const clip = () => evidence.clips[Number($("clip").value)];
const seconds = (which) => clip()[which + "_seconds"];
const share = () => Math.min(player(side).currentTime / seconds(side), 1) || 0;

async function load() {
  stop();
  const turn = ++loading, at = current, number = $("clip").value;
  $("play").disabled = $("switch").disabled = $("position").disabled = true;
  tell("sound", "Decoding both sides …");
  for (const which of SIDES) {
    player(which).removeAttribute("src");
    wave(which, null);
  }
  const results = await Promise.allSettled(SIDES.map(async (which) => {
    const sound = await (await ask(`/api/audio?at=${at}&clip=${number}&side=${which}`)).arrayBuffer();
    if (turn !== loading) return;
    if (player(which).dataset.url) URL.revokeObjectURL(player(which).dataset.url);
    player(which).dataset.url = player(which).src = URL.createObjectURL(new Blob([sound], { type: "audio/wav" }));
    wave(which, new Int16Array(sound, 44));
  }));
  if (turn !== loading) return;
  const failed = results.filter((result) => result.status === "rejected").map((result) => result.reason.message);
  tell("sound", failed.join(" "), failed.length > 0);
  $("play").disabled = $("position").disabled = failed.length === 2;
  $("switch").disabled = failed.length > 0;
  if (failed.length === 1) hear(results[0].status === "fulfilled" ? "item" : "recording");
  $("position").value = 0;
  tick();
}

function hear(which) {
  side = which;
  for (const other of SIDES) $("side-" + other).setAttribute("aria-checked", String(other === which));
  $("side-item").tabIndex = which === "item" ? 0 : -1;
  $("side-recording").tabIndex = which === "recording" ? 0 : -1;
}

function turn(which) {
  if (which === side || !player(which).src) return;
  const playing = !player(side).paused, at = share();
  player(side).pause();
  hear(which);
  player(which).currentTime = at * seconds(which);
  if (playing) player(which).play().catch(failed);
  tick();
}

function toggle() {
  if ($("play").disabled) return;
  if (player(side).paused) player(side).play().catch(failed); else player(side).pause();
}

function failed(error) { tell("sound", "The browser does not play it: " + error.message, true); }

function stop() { for (const which of SIDES) player(which).pause(); }

function tick() {
  if (!evidence || evidence.clips.length === 0) return;
  const at = share();
  $("position").value = Math.round(at * 1000);
  for (const which of SIDES) {
    $("time-" + which).textContent = clock(clip()[which + "_from"] + at * seconds(which));
    mark(which, at);
  }
  $("position").setAttribute("aria-valuetext", $("time-item").textContent + " of the item, " + $("time-recording").textContent + " of the recording");
  $("play").textContent = player(side).paused ? "Play" : "Pause";
  if (!player(side).paused) requestAnimationFrame(tick);
}

const waves = {};
function wave(which, samples) {
  const columns = 600, peaks = new Float32Array(columns);
  if (samples) {
    for (let column = 0; column < columns; column++) {
      const end = Math.floor((column + 1) * samples.length / columns);
      for (let n = Math.floor(column * samples.length / columns); n < end; n++) peaks[column] = Math.max(peaks[column], Math.abs(samples[n]) / 32768);
    }
  }
  waves[which] = peaks;
  mark(which, 0);
}

function mark(which, at) {
  const canvas = $("wave-" + which), peaks = waves[which], style = getComputedStyle(document.documentElement);
  if (!peaks) return;
  canvas.width = peaks.length;
  canvas.height = 56;
  const draw = canvas.getContext("2d");
  draw.fillStyle = style.getPropertyValue("--wave");
  peaks.forEach((peak, x) => draw.fillRect(x, 28 - peak * 27, 1, Math.max(peak * 54, 1)));
  draw.fillStyle = style.getPropertyValue("--ink");
  draw.fillRect(Math.min(at * peaks.length, peaks.length - 2), 0, 2, 56);
}

function clock(time) {
  const tenths = Math.round(time * 10), whole = Math.floor(tenths / 10);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${tenths % 10}`;
}

// ---- what the person does

for (const id of ["search", "verdict", "state"]) $(id).addEventListener("input", () => { limit = PAGE; draw(); });
$("more").addEventListener("click", () => { limit += PAGE; draw(); });
$("clip").addEventListener("input", load);
$("play").addEventListener("click", toggle);
$("switch").addEventListener("click", () => turn(side === "item" ? "recording" : "item"));
for (const which of SIDES) {
  $("side-" + which).addEventListener("click", () => turn(which));
  $("side-" + which).addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    turn(which === "item" ? "recording" : "item");
    $("side-" + side).focus();
  });
  for (const event of ["play", "pause", "ended", "seeked"]) player(which).addEventListener(event, tick);
}
$("position").addEventListener("input", () => { player(side).currentTime = $("position").value / 1000 * seconds(side); });
$("decide").addEventListener("submit", (event) => { event.preventDefault(); decide(event.submitter ? event.submitter.dataset.state : ""); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input:not([type=radio]):not([type=range]), textarea, select")) return;
  const press = (state) => () => document.querySelector(`#decide [data-state="${state}"]`).click();
  const keys = {
    j: () => step(1), k: () => step(-1), x: () => $("switch").click(), "/": () => $("search").focus(),
    a: press("accepted"), d: press("dismissed"), f: press("deferred"),
  };
  // A button that has the focus is pressed by the space bar itself.
  if (!event.target.closest("button, input")) keys[" "] = toggle;
  const act = keys[event.key];
  if (!act || (event.key !== "/" && event.key !== "j" && current === null)) return;
  event.preventDefault();
  act();
});

(async () => {
  hear("item");
  try {
    const told = await (await ask("/api/findings")).json();
    findings = told.findings;
    $("run").textContent = `run ${told.run} of ${told.roots.join(", ")}`;
    $("by").value = told.by;
    draw();
  } catch (error) { tell("counts", error.message, true); }
})();
