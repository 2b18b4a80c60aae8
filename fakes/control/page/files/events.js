// Listens to GET /events, and calls those who wait for exchanges, for the clock, or for a change of what they show.
import {complain, get} from "./api.js";
import {byId} from "./dom.js";
import {t} from "./words.js";

// Milliseconds between two reads of the same; while it changes all the time longer, the more pages there are. While the
// fakes are busy, so many times as long as the read took, for each page: all together take little of their time.
const SHORT = 250, LONG = 2000, EACH = 500, TIMES = 50, LONGEST = 10_000;
const CALM = 3000;  // milliseconds after which the fakes are not busy any more, if they have not said so again
const MANY = 1000, FEW = 100;  // the most that is read at once: usually, and while the fakes are busy
const LISTENERS = {exchanges: [], clock: [], reset: []};
const watchers = [];
let arrived = [], planned = false, busyUntil = 0, pages = 1;

export const onExchanges = (call) => LISTENERS.exchanges.push(call);
export const onClock = (call) => LISTENERS.clock.push(call);
export const onReset = (call) => LISTENERS.reset.push(call);

const isBusy = () => Date.now() < busyUntil;
export const mostAtOnce = () => isBusy() ? FEW : MANY;

// Calls `load` now, and again whenever one of these things has changed; never twice at once, and only while `panel`
// and this page can be seen. `load` returns true if it has not read everything.
export function watch(things, load, panel = document.body) {
  const watcher = {things: new Set(things), load, panel, busy: false, again: false, pause: SHORT};
  watchers.push(watcher);
  read(watcher);
  return () => read(watcher);
}

// Reads what has changed while it could not be seen.
export function readMissed() {
  for (const one of watchers) if (one.again && !one.busy) read(one);
}

async function read(watcher) {
  watcher.again = watcher.busy || watcher.panel.hidden || document.hidden;
  if (watcher.again) return;
  watcher.busy = true;
  const began = performance.now(), left = await watcher.load().catch(complain) === true;
  const long = Math.max(LONG, EACH * pages), took = performance.now() - began;
  const pause = isBusy() ? Math.min(Math.max(long, TIMES * pages * took), LONGEST) : watcher.pause;
  setTimeout(() => {
    watcher.busy = false;
    watcher.pause = watcher.again ? Math.min(2 * watcher.pause, long) : SHORT;
    if (watcher.again || left) read(watcher);
  }, pause);
}

// A page in the background does not listen: a browser has few connections for all pages of one address.
export function listen() {
  connect();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else if (source.readyState === EventSource.CLOSED) connect();
    readMissed();
  });
}

let source, first = null, last = 0, lost = false;  // the first and the last exchange that are known here

function connect() {
  source = new EventSource(`/events?after=${last}`);
  source.addEventListener("open", () => {
    byId("connection").textContent = t("connection.live");
    if (last > 0 || lost) catchUp().catch(complain);
    lost = false;
  });
  source.addEventListener("error", () => {
    lost = true;
    byId("connection").textContent = t(source.readyState === EventSource.CLOSED ? "connection.refused" : "connection.lost");
  });
  source.addEventListener("exchange", (event) => {
    last = Number(event.lastEventId);
    first ??= last;
    arrived.push(JSON.parse(event.data));
    if (planned) return;
    planned = true;
    setTimeout(deliver, 100);  // many at once are shown at once
  });
  source.addEventListener("clock", (event) => tell("clock", JSON.parse(event.data)));
  source.addEventListener("changed", (event) => {
    const {what, busy, clients} = JSON.parse(event.data);
    pages = clients;
    if (busy) busyUntil = Date.now() + CALM;
    if (what.includes("reset")) forget();
    for (const one of watchers) if (what.some((thing) => one.things.has(thing) || thing === "reset")) read(one);
  });
}

// What changed while nobody listened was not told, not even that everything was reset.
async function catchUp() {
  const {exchanges} = await get("/ledger?after=0&limit=1");
  if (first !== null && exchanges[0]?.seq !== first) {
    forget();
    last = 0;
    source.close();
    connect();
  }
  watchers.forEach(read);
}

function forget() {
  first = null;
  arrived = [];
  tell("reset");  // first, so that nothing old is shown as new
}

function deliver() {
  const batch = arrived;
  arrived = [];
  planned = false;
  tell("exchanges", batch);
}

function tell(name, value) {
  for (const call of LISTENERS[name]) call(value);
}
