// The people with phones: their numbers, names, texts and messages, as RapidPro and the phones know them.
import {get, put} from "../api.js";
import {mostAtOnce, onReset, watch} from "../events.js";

const listeners = [];
const opened = [];  // added on this page, before they texted
let byId, lastChange, lastText;
export const people = {};

export const nameOf = (number) => people.names.get(number) || number;

// Calls with what is new: {messages, texts: [[number, text, place]]}. Names may have changed, too.
export const onPeople = (call) => listeners.push(call);

export function watchPeople() {
  forget();
  const again = watch(["phones", "messages"], load);
  onReset(() => {
    forget();
    again();
  });
}

function forget() {
  [byId, lastChange, lastText] = [new Map(), 0, 0];
  Object.assign(people, {numbers: [], names: new Map(), texts: new Map(), messages: new Map()});
}

// Only what is new is read: texts after the last one, messages that have changed since the last change. Returns whether
// there may be more.
async function load() {
  const began = byId, most = mostAtOnce();
  const [phones, {messages, changed}] = await Promise.all([
    get(`/rapidpro/phones?texts=yes&after=${lastText}&limit=${most}`),
    get(`/rapidpro/messages?statuses=yes&changed=${lastChange}&limit=${most}`),
  ]);
  if (began !== byId) return false;  // everything was reset meanwhile
  [lastText, lastChange] = [phones.last, changed];
  people.names = new Map(Object.entries(phones.names));
  for (const number of phones.phones) if (!people.texts.has(number)) people.texts.set(number, []);
  const news = {messages: messages.filter(isNews), texts: []};
  for (const [number, texts] of Object.entries(phones.texts)) {
    const known = people.texts.get(number) ?? [];
    for (const text of texts) news.texts.push([number, text, known.push(text) - 1]);
    people.texts.set(number, known);
  }
  news.messages.forEach(keep);
  tell(news);
  return messages.length === most || news.texts.length === most;
}

function isNews(message) {
  const known = byId.get(message.id);
  return !known || known.status !== message.status || known.statuses.length !== message.statuses.length;
}

function keep(message) {
  const list = people.messages.get(message.number) ?? [];
  if (byId.has(message.id)) list[list.findIndex((one) => one.id === message.id)] = message;
  else {
    list.push(message);
    if (list.at(-2)?.id > message.id) list.sort((one, other) => one.id - other.id);  // they come in the order of changes
  }
  people.messages.set(message.number, list);
  byId.set(message.id, message);
}

function tell(news) {
  people.numbers = [...new Set([...opened, ...people.texts.keys(), ...people.messages.keys()])].filter(Boolean);
  for (const call of listeners) call(news);
}

// A phone; with a name, RapidPro has the person as a contact. Refused if it is no number.
export async function addPhone(number, name) {
  const path = `/rapidpro/phones/${encodeURIComponent(number)}`;
  if (name) await put(path, {name});
  else await get(`${path}/texts?limit=0`);
  if (name) people.names.set(number, name);
  opened.push(number);
  tell({messages: [], texts: []});
}
