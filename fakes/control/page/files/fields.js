// Fields of forms for values as the control API names them: numbers, switches, choices, texts, and JSON for the rest.
import {make, sentence} from "./dom.js";
import {t} from "./words.js";

let fields = 0;
const NUMBERS = ["number", "integer"];

// A field: {name, type, about, default}. Its element has the name of the field.
export function field({name, type, about, default: value, choices}) {
  const element = input(name, type, value, choices);
  const label = make("label", {}, make("span", {class: "field-name"}, name), " ", element);
  if (!about) return make("div", {class: "field"}, label);
  const id = `about-field-${++fields}`;
  element.setAttribute("aria-describedby", id);
  return make("div", {class: "field"}, label, make("span", {id, class: "faint"}, ...sentence(about)));
}

function input(name, type, value, choices) {
  if (choices?.length) {
    const select = make("select", {name, "data-type": "text"}, ...choices.map((one) => make("option", {value: one}, one)));
    if (value !== null && value !== undefined) select.value = value;
    return select;
  }
  if (type === "boolean") return make("input", {name, type: "checkbox", "data-type": type, checked: value === true});
  const shown = value === null || value === undefined ? "" : type === "any" ? JSON.stringify(value) : String(value);
  if (NUMBERS.includes(type)) return make("input", {name, type: "number", step: "any", "data-type": type, value: shown});
  if (type !== "any") return make("input", {name, "data-type": type, value: shown, dir: "auto"});
  const area = make("textarea", {name, rows: 2, "data-type": type});
  area.value = shown;
  return area;
}

// What the elements say, without those that are empty. Throws if JSON is expected and something else came.
export function values(form) {
  const found = {};
  for (const element of form.querySelectorAll("[data-type]")) {
    const value = valueOf(element);
    if (value !== undefined) found[element.name] = value;
  }
  return found;
}

function valueOf(element) {
  if (element.dataset.type === "boolean") return element.checked;
  if (element.value === "") return undefined;
  if (NUMBERS.includes(element.dataset.type)) return Number(element.value);
  if (element.dataset.type !== "any") return element.value;
  try {
    return JSON.parse(element.value);
  } catch {
    throw new Error(t("field.json", {name: element.name, value: element.value}));
  }
}

// The type of a value that is shown for changing.
export const typeOf = (value) => ({number: "number", boolean: "boolean", string: "text"})[typeof value] ?? "any";

// A place to drop a JSON file on, or to choose one. `use` gets its text and its name.
export function dropPlace(box, use) {
  const input = box.querySelector("input");
  const take = async (file) => { if (file) await use(await file.text(), file.name); };
  input.addEventListener("change", async () => {
    await take(input.files[0]);
    input.value = "";
  });
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
}
