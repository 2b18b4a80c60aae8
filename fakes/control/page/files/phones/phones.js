// The phones: a conversation for each, with a field to write texts into.
import {attempt, post} from "../api.js";
import {byId, keyed, make, written} from "../dom.js";
import {onReset} from "../events.js";
import {t} from "../words.js";
import {update} from "./conversation.js";
import {addPhone, nameOf, onPeople, people} from "./people.js";
import {reportsChoice} from "./reports.js";

const MOST_SHOWN = 60, MANY = 12;
const path = (number) => `/rapidpro/phones/${encodeURIComponent(number)}/texts`;

export function startPhones() {
  const form = byId("add-phone"), search = byId("find-phone").querySelector("input");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = form.elements.number.value.replace(/[\s()-]/g, ""), name = form.elements.name.value.trim();
    if (await attempt(() => addPhone(number, name).then(() => true), t("phones.added", {name: name || number}))) {
      form.reset();
      open(number);
    }
  });
  search.addEventListener("input", show);
  onPeople(show);
  onReset(() => byId("phone-list").replaceChildren());  // messages begin with the same numbers again
}

function open(number) {
  const phone = [...byId("phone-list").children].find((one) => one.dataset.key === number);
  if (!phone) return;
  phone.open = true;
  phone.querySelector("textarea")?.focus();
}

function show() {
  const words = byId("find-phone").querySelector("input").value.toLowerCase();
  const found = people.numbers.filter((number) => `${number} ${nameOf(number)}`.toLowerCase().includes(words));
  byId("find-phone").hidden = people.numbers.length <= MANY;
  byId("no-phones").hidden = people.numbers.length > 0;
  byId("more-phones").hidden = found.length <= MOST_SHOWN;
  byId("more-phones").textContent = t("phones.more", {count: found.length - MOST_SHOWN});
  keyed(byId("phone-list"), found.slice(0, MOST_SHOWN), (number) => number, phone, refresh);
  keyed(byId("numbers"), people.numbers.slice(0, 500), (number) => number, (number) => make("option", {value: number}),
    (option, number) => { option.label = nameOf(number); });
}

function refresh(card, number) {
  const title = card.querySelector(".phone-name");
  if (title.textContent !== nameOf(number)) title.replaceChildren(written(nameOf(number)));
  const sent = people.texts.get(number) ?? [], messages = people.messages.get(number) ?? [];
  card.querySelector(".phone-count").textContent = t("phones.count", {count: Math.max(sent.length, messages.length)});
  if (card.open) update(card.querySelector(".conversation"), sent, messages);
}

// A phone that can be folded; what is in it is made when it is opened.
function phone(number) {
  const card = make("details", {class: "phone"},
    make("summary", {}, make("h3", {class: "phone-name"}), " ", make("span", {class: "faint"}, make("bdi", {}, number)), " ",
      make("span", {class: "phone-count faint"})));
  const fill = () => {
    if (!card.open) return;
    if (card.children.length === 1) card.append(...contents(number));
    refresh(card, number);
  };
  card.addEventListener("toggle", fill);
  card.open = people.numbers.indexOf(number) < 4;
  fill();
  return card;
}

function* contents(number) {
  yield make("div", {class: "conversation", role: "log", tabindex: "0", "aria-label": t("phones.conversation", {number})},
    make("ol"));
  yield writing(number);
  yield make("details", {class: "options"}, make("summary", {}, t("phones.options")), reportsChoice(number),
    make("button", {type: "button", onclick: () => again(number)}, t("phones.again")));
}

function again(number) {
  attempt(() => post(path(number), {again: true}), t("phones.repeated"));
}

function writing(number) {
  const text = make("textarea", {rows: 2, dir: "auto", required: true, "aria-label": t("phones.text", {number})});
  const many = make("input", {type: "checkbox"});
  const form = make("form", {class: "write"}, text, make("button", {}, t("phones.send")),
    make("label", {class: "faint"}, many, ` ${t("phones.many")}`));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const texts = many.checked ? text.value.split("\n").filter((line) => line.trim()) : [text.value];
    text.value = "";
    const send = () => Promise.all(texts.map((one) => post(path(number), {text: one})));
    if (!await attempt(send, outcome) && !text.value) text.value = texts.join("\n");
  });
  return form;
}

// What became of the texts, in one sentence.
function outcome(answers) {
  const ignored = answers.filter((answer) => answer.ignored);
  if (ignored.length) return t("phones.ignored", {reason: ignored[0].ignored});
  const errors = answers.flatMap((answer) => answer.errors);
  if (errors.length) return t("phones.errors", {errors: errors.join("; ")});
  return t("phones.sent", {count: answers.length});
}
