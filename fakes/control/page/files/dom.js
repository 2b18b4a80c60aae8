// Makes elements. All texts are set as text, never as HTML.
export const byId = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// What somebody wrote or may have written: in its own direction, whatever the language of the page.
export const written = (text) => make("bdi", {}, text);

// A sentence of the fakes, in which `names` are between backticks.
export const sentence = (text) => text.split("`").map((part, place) => place % 2 ? make("code", {}, part) : part);

// Children with keys: those that stay keep their elements, and with them focus and what is open.
export function keyed(parent, items, key, create, update = () => {}) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = known.get(name);
    known.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const left of known.values()) left.remove();
}

// "2026-01-05T09:00:02.000000Z" as "2026-01-05 09:00:02", or without the day.
export const dayAndTime = (at) => at ? at.slice(0, 19).replace("T", " ") : "";
export const timeOfDay = (at) => at ? at.slice(11, 19) : "";

export function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
