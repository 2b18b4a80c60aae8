// Draws what happened between phone, RapidPro, relay and CHT, in order of time, as SVG. All texts are set as text.
const LANES = [["phone", "Phone"], ["rapidpro", "RapidPro"], ["relay", "Relay"], ["cht", "CHT"]];
const WIDTH = 720, LEFT = 130, RIGHT = 665, TOP = 34, ROW = 38, LONGEST = 60;

function svg(name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function laneAt(party) {
  const place = LANES.findIndex(([name]) => name === party);
  return LEFT + (RIGHT - LEFT) * place / (LANES.length - 1);
}

// "2026-01-05T09:00:02.000Z": the time of day, with the day if the ladder spans several.
function timeOf(at, days) {
  const [day, time] = at.split("T");
  if (!time) return at.slice(0, 19);
  const clock = time.slice(0, 8);
  return days > 1 ? `${day.slice(5)} ${clock}` : clock;
}

function ladder(events, name) {
  const height = TOP + events.length * ROW + 10;
  const drawing = svg("svg", {viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": name});
  const days = new Set(events.map((event) => event.at.split("T")[0])).size;
  events.forEach((event, row) => { if (event.decisive) drawing.append(band(row)); });
  for (const [party, title] of LANES) {
    const x = laneAt(party);
    drawing.append(svg("text", {x, y: 18, class: "lane-name"}, title));
    drawing.append(svg("line", {x1: x, x2: x, y1: 26, y2: height - 4, class: "lane"}));
  }
  events.forEach((event, row) => drawing.append(eventRow(event, row, days)));
  return drawing;
}

function band(row) {
  return svg("rect", {x: 0, y: TOP + row * ROW, width: WIDTH, height: ROW, class: "band"});
}

function eventRow(event, row, days) {
  const y = TOP + row * ROW + 26, from = laneAt(event.source), to = laneAt(event.target);
  const kinds = [event.faulty ? "faulty" : "", event.decisive ? "decisive" : ""];
  const group = svg("g", {class: kinds.join(" ").trim()});
  group.append(svg("text", {x: 14, y: y - 9, class: "at"}, timeOf(event.at, days)));
  if (event.omitted) group.append(svg("text", {x: 14, y: y + 5, class: "at"}, `after ${event.omitted} more`));
  if (event.decisive) {
    group.append(svg("path", {d: `M2 ${y - 18}l9 5-9 5z`, class: "pointer"}));
    group.append(svg("text", {x: 14, y: y + 5, class: "at"}, event.omitted ? "" : "decisive"));
  }
  if (from === to) {
    group.append(svg("circle", {cx: from, cy: y, r: 4, class: "head"}));
  } else {
    const way = Math.sign(to - from);
    group.append(svg("line", {x1: from, x2: to - way * 7, y1: y, y2: y, class: "call"}));
    group.append(svg("path", {d: `M${to} ${y}l${-way * 9}-5v10z`, class: "head"}));
  }
  const title = event.title.length > LONGEST ? `${event.title.slice(0, LONGEST - 1)}…` : event.title;
  const half = title.length * 3.2;
  const x = Math.min(Math.max((from + to) / 2, 90 + half), WIDTH - 6 - half);
  group.append(svg("text", {x, y: y - 8, class: "title"}, title));
  return group;
}
