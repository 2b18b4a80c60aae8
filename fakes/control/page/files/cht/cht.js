// CHT: messages at once or at a time, what a gateway would be handed next, settings and credentials.
import {attempt, get, post, put} from "../api.js";
import {byId, keyed, make, sentence, written} from "../dom.js";
import {watch} from "../events.js";
import {dropPlace} from "../fields.js";
import {nameOf} from "../phones/people.js";
import {t} from "../words.js";
import {startDocs} from "./docs.js";

const WHEN = {now: 0, minute: 60, hour: 3600, day: 86400, days: 3 * 86400, week: 7 * 86400};

export function startCht() {
  startDocs();
  startNewMessage();
  watch(["docs", "clock"], showNext, byId("cht"));
  startSettings();
  startCredentials();
}

function startNewMessage() {
  const form = byId("new-message");
  form.elements.when.append(...Object.keys(WHEN).map((name) => make("option", {value: name}, t(`when.${name}`))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const number = form.elements.number.value.trim(), text = form.elements.text.value, seconds = WHEN[form.elements.when.value];
    attempt(async () => {
      await post("/cht/messages", {number, text, due: seconds ? await later(seconds) : null});
      form.elements.text.value = "";
    }, t(seconds ? "cht.scheduled" : "cht.created", {number}));
  });
}

// A time on the clock of the fakes.
async function later(seconds) {
  const {now} = await get("/clock");
  return new Date(Date.parse(now) + seconds * 1000).toISOString();
}

async function showNext() {
  const {texts} = await get("/cht/next");
  const items = texts.length ? texts : [null];
  keyed(byId("next-texts"), items, JSON.stringify, (text) => text === null
    ? make("li", {class: "faint"}, t("next.none"))
    : make("li", {}, written(nameOf(text.to)), ": ", written(text.content)));
}

function startSettings() {
  const shown = byId("settings").querySelector("pre");
  dropPlace(byId("drop-settings"), async (text, name) => {
    const found = await attempt(() => put("/cht/settings?how=replace", text), t("settings.loaded", {name}));  // as cht-conf
    if (!found) return;
    const notes = [found.problem, ...found.not_used].filter(Boolean);
    byId("settings-notes").replaceChildren(...notes.map((note) => make("li", {}, ...sentence(note))));
  });
  const again = watch(["settings"], async () => {
    if (byId("settings").open) shown.textContent = JSON.stringify((await get("/cht/settings")).settings, null, 2);
  }, byId("cht"));
  byId("settings").addEventListener("toggle", again);
}

function startCredentials() {
  const form = byId("credentials");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const {key, value} = form.elements;
    attempt(async () => {
      await put(`/cht/credentials/${encodeURIComponent(key.value)}`, {value: value.value});
      value.value = "";
    }, t("credentials.saved", {key: key.value}));
  });
}
