// The flows: import an export, see each flow's drawing with the people who wait in it, and their results.
import {attempt, get, post} from "../api.js";
import {byId, keyed, make, written} from "../dom.js";
import {watch} from "../events.js";
import {dropPlace} from "../fields.js";
import {nameOf, people} from "../phones/people.js";
import {t} from "../words.js";
import {drawing, nodeWords, WIDTH} from "./drawing.js";

export function startFlows() {
  dropPlace(byId("drop-flow"), importFlows);
  const again = watch(["flows", "sessions"], show, byId("rapidpro"));
  byId("flow-choice").addEventListener("change", again);
  const results = watch(["sessions"], showResults, byId("rapidpro"));
  byId("results").addEventListener("toggle", results);
}

async function importFlows(text, name) {
  const found = await attempt(() => post("/rapidpro/flows", text), t("flows.imported", {name}));
  if (!found) return;
  const lacking = Object.entries(found.missing).map(([kind, names]) => t("flows.missing", {kind, names: names.join(", ")}));
  byId("flow-notes").replaceChildren(...[...lacking, ...found.not_used].map((note) => make("li", {}, note)));
}

async function show() {
  const {flows} = await get("/rapidpro/flows"), choice = byId("flow-choice"), chosen = choice.value;
  keyed(choice, flows, (flow) => flow.uuid, (flow) => make("option", {value: flow.uuid}, flow.name));
  choice.value = flows.some((flow) => flow.uuid === chosen) ? chosen : flows.at(-1)?.uuid ?? "";
  choice.parentElement.hidden = flows.length === 0;
  byId("flow-drawing").hidden = flows.length === 0;
  if (!choice.value) return;
  const {definition, sessions} = await get(`/rapidpro/flows/${choice.value}`);
  byId("flow-drawing").replaceChildren(drawing(definition, sessions));
  pointAtPeople(JSON.stringify([choice.value, sessions]));
  const rows = Object.entries(sessions).flatMap(([uuid, numbers]) => numbers.map((number) => [number, uuid]));
  const nodes = new Map((definition.nodes ?? []).map((node) => [node.uuid, node]));
  keyed(byId("flow-people"), rows, JSON.stringify, ([number, uuid]) =>
    make("li", {}, written(nameOf(number)), " ", t("flows.waits", {node: nodeWords(nodes.get(uuid) ?? {})})));
}

// Scrolls the drawing to the first person, when people have moved.
function pointAtPeople(where) {
  const box = byId("flow-drawing"), node = box.querySelector(".waited rect");
  if (!node || box.dataset.where === where) return;
  box.dataset.where = where;
  box.scrollTo(node.x.baseVal.value - box.clientWidth / 2 + WIDTH / 2, node.y.baseVal.value - box.clientHeight / 2);
}

// The results of everybody's newest session.
async function showResults() {
  const details = byId("results");
  if (!details.open) return;
  const found = await Promise.all(people.numbers.slice(0, 20).map((number) =>
    get(`/rapidpro/phones/${encodeURIComponent(number)}/sessions`)));
  const rows = found.flatMap(({number, sessions}) => sessions.slice(-1).flatMap(({runs}) => runs.flatMap((run) =>
    Object.values(run.results).map(({name, value, category}) => [nameOf(number), run.flow, name, value, category]))));
  const head = ["person", "flow", "name", "value", "category"].map((name) => make("th", {scope: "col"}, t(`results.${name}`)));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {dir: "auto"}, String(cell ?? "")))));
  details.querySelector("div").replaceChildren(rows.length
    ? make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body))
    : make("p", {class: "faint"}, t("results.none")));
}
