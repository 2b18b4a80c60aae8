// The clock: shown always; with virtual time it runs, pauses, goes faster, and steps.
import {attempt, complain, get, post, put, say} from "../api.js";
import {byId, dayAndTime, make} from "../dom.js";
import {onClock, watch} from "../events.js";
import {t} from "../words.js";

const SPEEDS = [1, 10, 60, 600, 3600];
const STEPS = {minute: 60, hour: 3600, day: 86400};

export async function startClock() {
  byId("speed").append(...SPEEDS.map((speed) => make("option", {value: speed}, t("clock.times", {speed}))));
  byId("steps").append(...Object.entries(STEPS).map(([name, seconds]) =>
    make("button", {type: "button", onclick: () => advance(name, seconds)}, t(`clock.${name}`))));
  byId("next").addEventListener("click", () => passing(async () => {
    const found = await post("/clock/next");
    show(found);
    await showNext();
    return found;
  }, ({what}) => what === null ? t("clock.went.nowhere") : t("clock.went", {what})));
  byId("run").addEventListener("click", () => change({running: !isRunning}));
  byId("speed").addEventListener("change", () => change({speed: Number(byId("speed").value)}));
  onClock(show);
  const first = await get("/clock");
  show(first);
  setInterval(() => { if (ahead !== null) showTime(new Date(Date.now() + ahead).toISOString()); }, 1000);
  watch(["clock"], async () => show(await get("/clock")));
  if (first.kind === "virtual") watch(["clock", "messages", "docs", "flows", "sessions", "faults"], showNext);
}

const change = (settings) => attempt(async () => show(await put("/clock", settings)));

const advance = (name, seconds) =>
  passing(async () => show(await post("/clock/advance", {seconds})), t(`clock.passed.${name}`));

async function passing(action, said) {
  say(t("clock.passing"));  // a day of a relay that polls takes a while
  byId("clock-buttons").setAttribute("aria-busy", "true");
  await attempt(action, said);
  byId("clock-buttons").removeAttribute("aria-busy");
}

let isRunning = false, told = null;
let ahead = null;  // milliseconds of real time, which nobody tells again, before the time of this browser

function showTime(now) {
  byId("now").textContent = t("clock.now", {now: dayAndTime(now)});
  byId("now").setAttribute("datetime", now);
}

function show({now, kind, running, speed, problem}) {
  if (problem && problem !== told) complain(new Error(problem));  // why time stands still now
  told = problem;
  showTime(now);
  if (kind) ahead = kind === "system" ? Date.parse(now) - Date.now() : null;
  if (kind) {
    byId("clock-buttons").hidden = kind !== "virtual";
    byId("clock-system").hidden = kind === "virtual";
  }
  if (running !== undefined) {
    isRunning = running;
    byId("run").textContent = t(running ? "clock.pause" : "clock.run");
  }
  if (speed !== undefined && document.activeElement !== byId("speed")) choose(speed);
}

function choose(speed) {
  if (!SPEEDS.includes(speed) && ![...byId("speed").options].some((one) => Number(one.value) === speed)) {
    byId("speed").append(make("option", {value: speed}, t("clock.times", {speed})));
  }
  byId("speed").value = String(speed);
}

// While time runs, what comes next is soon past.
async function showNext() {
  if (isRunning) {
    byId("next-what").textContent = "";
    return;
  }
  const {at, what} = await get("/clock/next");
  byId("next").disabled = at === null;
  byId("next-what").textContent = at === null ? t("clock.nothing") : t("clock.what", {at: dayAndTime(at), what: what ?? ""});
}
