// Draws one row of the ladder: its time, an arrow between two lanes, and in words what the arrow says.
import {make, svg, timeOfDay} from "../dom.js";
import {t} from "../words.js";
import {LANES} from "./rows.js";

export const HEIGHT = 48;  // pixels, as in page.css
const at = (lane) => 10 + 80 * LANES.indexOf(lane) / (LANES.length - 1);  // percent

export function drawn(row, place, of, chosen) {
  const count = row.seqs?.length > 1 ? ` ${t("row.times", {count: row.seqs.length, until: timeOfDay(row.until)})}` : "";
  const marks = row.marks.map((mark) => make("b", {class: "mark"}, mark));
  const sides = {from: t(`lane.${row.from}`), to: t(`lane.${row.to}`)};
  const way = make("span", {class: "unseen"}, t(row.from === row.to ? "row.at" : "row.way", sides));
  const words = make("span", {class: "row-words"}, way, ...marks, make("bdi", {}, row.title()), count);
  const left = Math.min(at(row.from), at(row.to)), right = Math.max(at(row.from), at(row.to));
  const atLeft = left + right <= 100;
  words.classList.toggle("to-right", !atLeft);
  const inset = Math.max(0, atLeft ? left - 8 : 92 - right);
  words.style.insetInline = atLeft ? `${inset}% 0` : `0 ${inset}%`;
  words.style.maxWidth = `${100 - inset}%`;
  const node = make("div", {
    class: `row${row.bad ? " bad" : ""}`, role: "option", id: `row-${row.key}`, "data-place": place,
    "aria-selected": String(chosen), "aria-setsize": of, "aria-posinset": place + 1,
  }, make("time", {datetime: row.at}, timeOfDay(row.at)), make("div", {class: "way"}, arrow(row), words));
  node.style.top = `${place * HEIGHT}px`;
  return node;
}

function arrow(row) {
  const [from, to] = [at(row.from), at(row.to)], y = 37;
  const drawing = svg("svg", {"aria-hidden": "true"});
  for (const lane of LANES) drawing.append(svg("line", {x1: `${at(lane)}%`, x2: `${at(lane)}%`, y1: 0, y2: HEIGHT, class: "lane"}));
  if (from === to) {
    drawing.append(svg("circle", {cx: `${from}%`, cy: y, r: 4, class: "head"}));
    return drawing;
  }
  drawing.append(svg("line", {x1: `${from}%`, x2: `${to}%`, y1: y, y2: y, class: "call"}));
  const head = svg("svg", {x: `${to}%`, y, overflow: "visible"});
  head.append(svg("path", {d: to > from ? "M0 0l-9-5v10z" : "M0 0l9-5v10z", class: "head"}));
  drawing.append(head);
  return drawing;
}
