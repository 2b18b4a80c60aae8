// The presets as switches, with what they do in words, and the list of the planned faults.
import {attempt, get, post, put, remove} from "../api.js";
import {byId, keyed, make, sentence} from "../dom.js";
import {watch} from "../events.js";
import {t} from "../words.js";
import {completed, faultsOf, hasChannel, isPlanned, neutral} from "./matching.js";

let presets = [], faults = [], channel = {};

export async function startPresets(hasRapidpro) {
  presets = completed(await get("/presets"), await get("/effects"));
  byId("clear-faults").addEventListener("click", () => attempt(() => remove("/faults"), t("faults.cleared")));
  watch(["faults", "channel"], async () => {
    ({faults} = await get("/faults"));
    channel = hasRapidpro ? await get("/rapidpro/channel") : {};
    show();
  }, byId("faults"));
}

function show() {
  byId("no-faults").hidden = faults.length > 0;
  byId("clear-faults").hidden = faults.length === 0;
  keyed(byId("planned"), faults, (fault) => fault.id, planned, (item, fault) => {
    item.firstElementChild.textContent = lineOf(fault);
  });
  keyed(byId("presets"), presets, (preset) => preset.name, switchOf, (item, preset) => {
    const on = isOn(preset), button = item.firstElementChild;
    button.setAttribute("aria-checked", String(on));
    button.querySelector(".on-off").textContent = t(on ? "switch.on" : "switch.off");
  });
}

function lineOf(fault) {
  const left = fault.remaining === null ? t("fault.forever") : t("fault.left", {count: fault.remaining});
  const where = [fault.service ?? t("fault.both"), fault.match.method, fault.match.path].filter(Boolean).join(" ");
  return t("fault.line", {effect: fault.effect, where, used: fault.used, left});
}

function planned(fault) {
  return make("li", {}, make("span"), " ", make("button", {type: "button", "aria-label": t("fault.remove.this", {id: fault.id}),
    onclick: () => attempt(() => remove(`/faults/${fault.id}`), t("fault.removed"))}, t("fault.remove")));
}

function switchOf(preset) {
  const id = `preset-${preset.name}`;
  return make("li", {class: "preset"}, make("button", {type: "button", role: "switch", "aria-checked": "false",
    "aria-describedby": id, onclick: () => toggle(preset)},
  make("span", {class: "preset-name"}, preset.name), " ", make("span", {class: "on-off"})),
  make("span", {id, class: "faint"}, ...sentence(preset.sentence)));
}

function toggle(preset) {
  if (!isOn(preset)) return attempt(() => post("/faults", {preset: preset.name}), t("preset.on", {name: preset.name}));
  return attempt(async () => {
    for (const fault of faultsOf(preset, faults)) await remove(`/faults/${fault.id}`);
    if (hasChannel(preset)) await put("/rapidpro/channel", neutral(preset.channel));
  }, t("preset.off", {name: preset.name}));
}

const isOn = (preset) => isPlanned(preset, faults, channel);
