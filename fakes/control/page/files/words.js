// The words of the page. They are in words/<language>.json; no script holds a sentence of its own.
const words = JSON.parse(document.getElementById("words").textContent);

// The words of that name, with {placeholders} filled in.
export function t(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

// The words for a value that the fakes name, such as a status; the value itself if nobody wrote words for it.
export function named(group, value) {
  return words[`${group}.${value}`] ?? value;
}
