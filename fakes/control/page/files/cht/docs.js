// CHT's documents with their tasks: who is told what, in which state, since when, and why.
import {attempt, get, post} from "../api.js";
import {byId, dayAndTime, keyed, make, written} from "../dom.js";
import {mostAtOnce, onReset, watch} from "../events.js";
import {nameOf} from "../phones/people.js";
import {named, t} from "../words.js";

const STEP = 30;
const listeners = [];
let documents = new Map(), last = 0, most = STEP;

// Calls with documents that are new or have changed.
export const onDocs = (call) => listeners.push(call);

export function startDocs() {
  const again = watch(["docs"], load);
  onReset(() => {
    [documents, last] = [new Map(), 0];
    byId("docs").replaceChildren();
    again();
  });
  byId("find-doc").addEventListener("input", show);
  byId("more-docs").addEventListener("click", () => {
    most += STEP;
    show();
  });
}

// Only what has changed is read; the last change comes last. Returns whether there may be more.
async function load() {
  const began = documents, most = mostAtOnce(), news = await get(`/cht/tasks?after=${last}&limit=${most}`);
  if (began !== documents) return false;  // everything was reset meanwhile
  for (const id of [...news.gone, ...news.documents.map((one) => one.id)]) documents.delete(id);
  for (const one of news.documents) documents.set(one.id, one);
  last = news.last;
  for (const call of listeners) call(news.documents);
  show();
  return news.documents.length === most;
}

function show() {
  const words = byId("find-doc").value.toLowerCase();
  const all = [...documents.values()].reverse(), found = words ? all.filter((one) => searchable(one).includes(words)) : all;
  byId("more-docs").hidden = found.length <= most;
  keyed(byId("docs"), found.slice(0, most), (one) => one.id, create, refresh);
}

const searchable = (one) => [one.id, one.kind, one.about, ...one.tasks.flatMap(({to, text, state}) => [to, nameOf(to), text, state])]
  .join(" ").toLowerCase();

function create(one) {
  const card = make("details", {class: "doc"}, make("summary", {}, make("b", {}, one.kind), " ", written(one.about), " ",
    make("span", {class: "faint states"})), make("p", {class: "faint"}, one.id), make("ul"));
  card.open = documents.size <= 3;
  return card;
}

function refresh(card, one) {
  card.querySelector(".states").textContent = one.tasks.map(({state}) => named("state", state)).join(", ");
  keyed(card.querySelector("ul"), one.tasks, ({id}) => id, task, refreshTask);
}

function task({id, to, text}) {
  return make("li", {class: "task"}, make("p", {}, make("b", {}, written(nameOf(to))), " ", written(text)),
    make("p", {class: "state"}), make("button", {type: "button", class: "due",
      onclick: () => attempt(() => post(`/cht/tasks/${encodeURIComponent(id)}/due`), ({waits}) => waits ?? t("task.made_due"))},
    t("task.due")),
    make("details", {}, make("summary", {}, t("task.history")), make("ol")));
}

function refreshTask(item, {state, due, scheduled, history}) {
  const when = due ? ` · ${t("task.due.at", {at: dayAndTime(due)})}` : "";
  item.querySelector(".state").textContent = `${named("state", state)}${when}`;
  item.querySelector(".due").hidden = !(scheduled && state === "scheduled");
  keyed(item.querySelector("ol"), history, JSON.stringify, (one) => make("li", {},
    `${dayAndTime(one.at)} ${named("state", one.state)} ${one.details ? JSON.stringify(one.details) : ""}`));
}
