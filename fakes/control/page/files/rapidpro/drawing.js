// A flow as a drawing: boxes where the editor put them, or in layers if the export does not say where.
import {svg} from "../dom.js";
import {nameOf} from "../phones/people.js";
import {t} from "../words.js";

export const WIDTH = 190;
const HEIGHT = 62, GAP = 40, LETTERS = 28;

// `sessions`: the numbers of the people who wait, by the uuid of a node.
export function drawing(definition, sessions) {
  const nodes = definition.nodes ?? [], places = placesOf(definition);
  const width = Math.max(...nodes.map((node) => places.get(node.uuid)[0])) + WIDTH + 20;
  const height = Math.max(...nodes.map((node) => places.get(node.uuid)[1])) + HEIGHT + 20;
  const name = t("drawing.name", {name: definition.name, nodes: nodes.length, people: Object.values(sessions).flat().length});
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": name});
  for (const node of nodes) {
    for (const [place, exit] of (node.exits ?? []).entries()) {
      const to = places.get(exit.destination_uuid);
      if (to) picture.append(edge(places.get(node.uuid), to, (place + 1) / (node.exits.length + 1)));
    }
  }
  for (const node of nodes) picture.append(box(node, places.get(node.uuid), sessions[node.uuid] ?? []));
  return picture;
}

function placesOf(definition) {
  const placed = definition._ui?.nodes ?? {}, nodes = definition.nodes ?? [];
  if (!nodes.every((node) => placed[node.uuid]?.position)) return inLayers(nodes);
  const all = nodes.map((node) => placed[node.uuid].position);
  const left = Math.min(...all.map((one) => one.left)), top = Math.min(...all.map((one) => one.top));
  return new Map(nodes.map((node, place) => [node.uuid, [all[place].left - left + 10, all[place].top - top + 10]]));
}

// Each node one layer below the first that leads to it.
function inLayers(nodes) {
  const known = new Map(nodes.map((node) => [node.uuid, node])), layer = new Map(), queue = [];
  for (const start of nodes) {
    if (layer.has(start.uuid)) continue;
    layer.set(start.uuid, 0);
    queue.push(start);
    while (queue.length) {
      const node = queue.shift();
      for (const {destination_uuid: to} of node.exits ?? []) {
        if (!known.has(to) || layer.has(to)) continue;
        layer.set(to, layer.get(node.uuid) + 1);
        queue.push(known.get(to));
      }
    }
  }
  const widths = new Map();
  return new Map(nodes.map((node) => {
    const row = layer.get(node.uuid), column = widths.get(row) ?? 0;
    widths.set(row, column + 1);
    return [node.uuid, [10 + column * (WIDTH + GAP), 10 + row * (HEIGHT + GAP)]];
  }));
}

function edge([x, y], [toX, toY], share) {
  const from = x + WIDTH * share, to = toX + WIDTH / 2, start = y + HEIGHT, bend = Math.max(30, Math.abs(toY - start) / 2);
  const path = `M${from} ${start}C${from} ${start + bend} ${to} ${toY - bend} ${to} ${toY}`;
  const group = svg("g", {class: "edge"});
  group.append(svg("path", {d: path}), svg("path", {d: `M${to} ${toY}l-4-8h8z`, class: "head"}));
  return group;
}

function box(node, [x, y], numbers) {
  const group = svg("g", {class: numbers.length ? "node waited" : "node"});
  group.append(svg("title", {}, nodeWords(node)), svg("rect", {x, y, width: WIDTH, height: HEIGHT, rx: 6}));
  const [kind, words] = parts(node);
  group.append(svg("text", {x: x + 8, y: y + 18, class: "kind"}, cut(kind)), svg("text", {x: x + 8, y: y + 36}, cut(words)));
  const names = numbers.map(nameOf).join(", ");
  if (names) group.append(svg("text", {x: x + 8, y: y + 54, class: "people"}, cut(t("drawing.people", {names}))));
  return group;
}

const cut = (text) => text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;

// What a node does: its kind as flows name it, and its first words.
function parts(node) {
  const action = node.actions?.[0], router = node.router;
  const kinds = [...(node.actions ?? []).map((one) => one.type), router ? (router.wait ? "wait" : "split") : null].filter(Boolean);
  const words = action?.text ?? action?.url ?? action?.flow?.name ?? action?.name ?? router?.result_name ?? router?.operand ?? "";
  return [kinds.join(" + "), words];
}

export const nodeWords = (node) => parts(node).filter(Boolean).join(": ");
