// Opens cells, filters the matrix, moves by arrow keys, changes the theme. All texts are set as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const [matrix, panel, body, title, filter] = ["matrix", "panel", "panel-body", "panel-title", "filter"]
  .map((id) => document.getElementById(id));
const text = (number) => data.texts[number];

function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function openCell(event) {
  const place = decodeHash();
  for (const one of matrix.querySelectorAll("[aria-current]")) one.removeAttribute("aria-current");
  const cell = [...matrix.querySelectorAll("a.verdict")].find((one) => decode(one.hash) === place);
  const open = Boolean(cell) && Object.hasOwn(data.cells, place);
  panel.hidden = !open;
  panel.parentElement.classList.toggle("open", open);
  if (!open) return;
  cell.setAttribute("aria-current", "true");
  title.textContent = cell.getAttribute("aria-label");
  const scenarios = data.cells[place].map((number) => data.scenarios[number]);
  const bad = (one) => one.verdict === "failed" || one.verdict === "broken";
  scenarios.sort((one, other) => bad(other) - bad(one));
  body.replaceChildren(...scenarios.map((one, number) => scenario(one, number === 0)));
  pointAtDecisive(body);
  title.focus({preventScroll: true});
  const beside = matchMedia("(min-width: 1200px)").matches;  // as in page.css
  (beside ? cell : panel).scrollIntoView({block: event ? "nearest" : "center"});
}

function decode(hash) {
  try { return decodeURIComponent(hash.slice(1)); } catch { return ""; }
}

function decodeHash() { return decode(location.hash); }

function closePanel() {
  const cell = matrix.querySelector("[aria-current]");
  history.pushState(null, "", location.pathname + location.search);
  openCell();
  if (cell) cell.focus();
}

function scenario(one, open) {
  const summary = make("summary", {}, make("span", {class: `verdict ${one.verdict}`}, one.verdict), ` ${text(one.name)} `,
    make("span", {class: "none"}, `${one.seconds} s`));
  const details = make("details", {class: "scenario"}, summary);
  const fill = () => {
    if (!details.open || details.children.length > 1) return;
    details.append(...contents(one));
    pointAtDecisive(details);
  };
  details.addEventListener("toggle", fill);
  details.open = open;
  fill();
  return details;
}

// Scrolls a long ladder to its first decisive event.
function pointAtDecisive(within) {
  const band = within.querySelector(".ladder .band");
  if (!band) return;
  const box = band.closest(".ladder");
  box.scrollTop += band.getBoundingClientRect().top - box.getBoundingClientRect().top - 80;
}

// A list in one line; a long one is folded.
function listed(name, items) {
  const line = items.map(text).join(", ");
  return items.length <= 5 ? make("p", {}, `${name}: ${line}`)
    : make("details", {}, make("summary", {}, `${name}: ${items.length}`), make("p", {}, line));
}

function* contents(one) {
  const about = [text(one.feature), text(one.requirements)].filter(Boolean).join(" · ");
  if (about) yield make("p", {class: "none"}, about);
  if (text(one.reason)) yield make("p", {class: "reason"}, text(one.reason));
  if (one.steps?.length) yield make("ol", {class: "steps", "aria-label": "Steps"}, ...one.steps.map(step));
  for (const [sentence, missing, repeated] of one.arrivals ?? []) {
    yield make("p", {}, sentence);
    if (missing.length) yield listed("Missing", missing);
    if (repeated.length) yield listed("Arrived too often", repeated);
  }
  if (one.people?.length) yield listed("People", one.people);
  if (one.events?.length) yield* happened(one);
  if (one.left_out) yield make("p", {class: "none"}, `${one.left_out} more events: see report.json.`);
  if (one.log?.length) {
    const heading = text(one.log_path) ? `The end of the subject's log (${text(one.log_path)})` : "The end of the subject's log";
    yield make("details", {}, make("summary", {}, heading), make("pre", {}, one.log.map(text).join("\n")));
  }
  if (text(one.repeat)) yield make("p", {}, "Run again: ", make("code", {class: "command"}, text(one.repeat)));
}

function step([keyword, words, outcome]) {
  const marked = outcome === "passed" ? "" : ` (${outcome})`;
  return make("li", {class: `step-${outcome.replace(" ", "-")}`}, make("b", {}, text(keyword)), ` ${text(words)}${marked}`);
}

function* happened(one) {
  const events = one.events.map((event) => ({...event, at: text(event.at), title: text(event.title)}));
  yield make("h3", {}, "What happened");
  yield make("div", {class: "ladder", tabindex: "0", role: "region", "aria-label": "Ladder"},
    ladder(events, `Ladder of ${events.length} events; the list of exchanges below says the same in words`));
  yield make("h3", {}, "Exchanges");
  yield make("ol", {class: "exchanges"}, ...events.map(exchange));
}

function exchange(event) {
  const [source, target] = [event.source, event.target].map((party) => new Map(LANES).get(party));
  const way = source === target ? source : `${source} → ${target}`;
  const skipped = event.omitted ? ` (${event.omitted} more before it)` : "";
  const line = `${event.at} ${way}: ${event.title}${skipped}${event.decisive ? " — decisive" : ""}`;
  const attributes = event.decisive ? {class: "decisive"} : {};
  if (!event.request && !event.reply) return make("li", attributes, make("span", {}, line));
  const details = make("details", {}, make("summary", {}, line), ...part("Request", event.request), ...part("Answer", event.reply));
  details.open = Boolean(event.decisive);
  return make("li", attributes, details);
}

function part(name, found) {
  if (!found) return name === "Answer" ? [make("p", {}, "The caller got no answer.")] : [];
  const [headers, words] = found.map(text);
  return [make("h3", {}, name), headers ? make("pre", {}, headers) : null, words ? make("pre", {}, words) : null]
    .filter((child) => child !== null);
}

function applyFilter() {
  const chosen = (name) => new Set([...filter.querySelectorAll(`[name=${name}]:checked`)].map((one) => one.value));
  const verdicts = chosen("verdict"), levels = chosen("level");
  const words = filter.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of matrix.tBodies[0].rows) {
    const cells = [...row.querySelectorAll("a.verdict")];
    const found = levels.has(row.dataset.level) && cells.some((cell) => verdicts.has(cell.dataset.verdict))
      && words.every((word) => searchable(row, cells).includes(word));
    row.hidden = !found;
    shown += found;
  }
  document.getElementById("shown").textContent = `${shown} of ${matrix.tBodies[0].rows.length} requirements`;
}

const searched = new WeakMap();

function searchable(row, cells) {
  if (!searched.has(row)) {
    const names = cells.flatMap((cell) => data.cells[decode(cell.hash)] ?? [])
      .map((number) => `${text(data.scenarios[number].name)} ${text(data.scenarios[number].reason)}`);
    searched.set(row, [row.textContent, ...names].join(" ").toLowerCase());
  }
  return searched.get(row);
}

function moveByArrows(event) {
  const moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
  const cell = event.target.closest("a.verdict"), move = moves[event.key];
  if (!cell || !move) return;
  event.preventDefault();
  let row = cell.closest("tr"), column = cell.closest("td").cellIndex;
  do {
    if (move[0]) row = move[0] > 0 ? row.nextElementSibling : row.previousElementSibling;
    column += move[1];
    if (!row || column < 1 || column >= row.cells.length) return;
  } while (row.hidden || !row.cells[column].querySelector("a.verdict"));
  row.cells[column].querySelector("a.verdict").focus();
}

filter.addEventListener("input", applyFilter);
filter.addEventListener("submit", (event) => event.preventDefault());
matrix.addEventListener("keydown", moveByArrows);
document.getElementById("close").addEventListener("click", closePanel);
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) closePanel(); });
addEventListener("hashchange", openCell);
addEventListener("beforeprint", () => { for (const one of panel.querySelectorAll("details")) one.open = true; });
openCell();
applyFilter();
