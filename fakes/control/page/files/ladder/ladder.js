// The ladder as it grows: keeps the rows, filters by person, folds polls, and opens what somebody chooses.
import {onDocs} from "../cht/docs.js";
import {byId, keyed, make} from "../dom.js";
import {onExchanges, onReset} from "../events.js";
import {nameOf, onPeople, people} from "../phones/people.js";
import {t} from "../words.js";
import {closeExchange, openExchange, openText} from "./exchange.js";
import {List} from "./list.js";
import {arrivalRow, exchangeRow, folded, inOrder, LANES, messageRows, stateRows} from "./rows.js";

const textRows = new Map();
let calls = [], texts = [], webhookListeners = [], planned = false;

export function startLadder() {
  byId("lanes").append(...LANES.map((lane) => make("span", {class: `lane-${lane}`}, t(`lane.${lane}`))));
  const form = byId("ladder-form"), list = new List(byId("rows"), open, () => {
    form.elements.follow.checked = false;
  });
  const show = () => {
    planned = false;
    const person = form.elements.person.value;
    const all = merged(calls, texts).filter((row) => !person || row.numbers.includes(person));
    const rows = form.elements.fold.checked ? folded(all) : all;
    byId("ladder-count").textContent = t("ladder.count", {rows: rows.length, exchanges: calls.length});
    list.show(rows, form.elements.follow.checked);
  };
  const soon = () => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(show);
  };
  form.addEventListener("change", soon);
  form.addEventListener("submit", (event) => event.preventDefault());
  onExchanges((batch) => {
    for (const event of batch) calls.push(exchangeRow(event));
    calls.sort(inOrder);
    for (const call of webhookListeners) call(batch);
    soon();
  });
  onPeople((news) => {
    addTexts(news);
    sortTexts();
    choosePerson(form.elements.person, people.numbers);
    soon();
  });
  onDocs((documents) => {
    addStates(documents);
    sortTexts();
    soon();
  });
  onReset(() => {
    [calls, texts] = [[], []];
    textRows.clear();
    closeExchange();
    soon();
  });
  startLinks(list);
}

export const onCalls = (call) => webhookListeners.push(call);

function addTexts({messages, texts: arrived}) {
  for (const message of messages) keepRows(messageRows(message, nameOf));
  for (const [number, text, place] of arrived) {
    if (text.direction !== "received") continue;
    keepRows([arrivalRow(number, text, place, nameOf)]);
  }
}

function addStates(documents) {
  for (const one of documents) keepRows(stateRows(one, nameOf));
}

function keepRows(rows) {
  for (const row of rows) textRows.set(row.key, row);
}

function sortTexts() {
  texts = [...textRows.values()].sort(inOrder);
}

// Two lists in order as one in order.
function merged(one, other) {
  const found = [];
  let [i, k] = [0, 0];
  while (i < one.length || k < other.length) {
    const first = k >= other.length || (i < one.length && inOrder(one[i], other[k]) <= 0);
    found.push(first ? one[i++] : other[k++]);
  }
  return found;
}

function choosePerson(select, numbers) {
  const chosen = select.value;
  keyed(select, ["", ...numbers], (number) => number, (number) => make("option", {value: number}), (option, number) => {
    const name = number ? nameOf(number) : t("ladder.everybody");
    const words = name === number || !number ? name : `${name} (${number})`;
    if (option.textContent !== words) option.textContent = words;
  });
  select.value = numbers.includes(chosen) ? chosen : "";
}

function open(row) {
  if (row.seq === undefined) openText(row);
  else if (location.hash === `#seq=${row.seq}`) openExchange(row.seq, row.seqs);
  else {
    opened = row;
    location.hash = `seq=${row.seq}`;  // a link to this moment
  }
}

let opened = null;

function startLinks(list) {
  const follow = () => {
    const found = /^#seq=(\d+)$/.exec(location.hash);
    if (!found) return;
    const seq = Number(found[1]);
    byId("ladder-form").elements.follow.checked = false;
    list.choose((row) => row.seq === seq || row.seqs?.includes(seq));
    openExchange(seq, opened?.seqs);
    opened = null;
  };
  addEventListener("hashchange", follow);
  follow();
  byId("close-exchange").addEventListener("click", () => {
    closeExchange();
    byId("rows").focus();
  });
}
