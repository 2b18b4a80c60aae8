// A relay between CHT and RapidPro with nothing but Node's standard library, as one written from docs/own-relay.md.
// RELAY_DEFECT switches one defect on: "forgets" answers before a text is on disk and tries CHT once; "repeats" sends
// again after a lost answer without looking; "impatient" goes on while RapidPro answers 429.
import { createServer } from "node:http";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const env = process.env, defect = env.RELAY_DEFECT;
const pause = 1000 * Number(env.RELAY_POLL_SECONDS || 60), settle = 1000 * Number(env.RELAY_SETTLE_SECONDS || 120);
const file = env.RELAY_DATABASE.replace("sqlite:///", "") + ".json";
const basic = "Basic " + Buffer.from(`${env.RELAY_CHT_USER}:${env.RELAY_CHT_PASSWORD}`).toString("base64");
const UPDATES = { wired: "PENDING", sent: "SENT", resent: "SENT", delivered: "DELIVERED", read: "DELIVERED", failed: "FAILED" };
const ORDER = ["", "UNSENT", "PENDING", "SENT", "DELIVERED", "FAILED"];

// What must outlive a crash. in: id -> {from, content, done}; out: id -> {to, content, stage, update, told, ...}
const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { in: {}, out: {} };
function save() {
  const handle = openSync(file + ".new", "w");
  writeSync(handle, JSON.stringify(kept));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(file + ".new", file);
}

async function call(url, headers, body) {
  const method = body === undefined ? "GET" : "POST", signal = AbortSignal.timeout(20_000);
  const common = { Accept: "application/json", "Content-Type": "application/json" };
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(url, { method, body: sent, signal, redirect: "manual", headers: { ...common, ...headers } });
  const text = await answer.text();
  let json;
  try { json = JSON.parse(text); } catch { /* not JSON */ }
  return { status: answer.status, json, text, wait: Number(answer.headers.get("retry-after")) };
}

// Incoming texts: on disk before the answer, handed to CHT by the next exchange.
function accept(request, body) {
  if (request.method !== "POST" || !/^\/api\/(v2\/sms\/rapidpro|v1\/sms\/radpidpro)\/incoming-messages$/.test(request.url)) return [404, "not found"];
  if (request.headers.authorization !== `Token ${env.RELAY_INCOMING_TOKEN}`) return [403, "Incorrect token"];
  let text;
  try { text = JSON.parse(body); } catch { return [400, "expected JSON"]; }
  const { id, from, content } = text ?? {};
  if (![id, from, content].every((value) => typeof value === "string" && value.trim())) {
    return [400, "expected id, from and content"];
  }
  const number = from.replace(/^tel:/, ""), known = kept.in[id];
  if (!/^\+?[0-9]{3,15}$/.test(number)) return [400, "expected a number in from"];
  if (known) return known.content === content && known.from === number ? [200] : [400, "another text has this id"];
  kept.in[id] = { from: number, content, done: false };
  if (defect !== "forgets") save();
  wake();
  return [200];
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const [status, error] = accept(request, Buffer.concat(chunks).toString("utf8"));
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(error ? { code: status, error } : { saved: 1 }));
  });
}).listen(Number(env.RELAY_LISTEN.split(":").pop()), env.RELAY_LISTEN.replace(/:\d+$/, ""));

// CHT: hand over texts and updates, fetch what is to be sent. Returns whether there may be more.
async function exchange() {
  const texts = Object.entries(kept.in).filter(([, text]) => !text.done).slice(0, 50);
  const news = Object.entries(kept.out).filter(([, text]) => text.update !== text.told).slice(0, 100);
  const told = news.map(([, text]) => text.update);
  if (defect === "forgets") texts.forEach(([, text]) => (text.done = true));
  const { status, json } = await call(`${env.RELAY_CHT_URL}/api/sms`, { Authorization: basic }, {
    messages: texts.map(([id, { from, content }]) => ({ id, from, content })),
    updates: news.map(([id, text]) => ({ id, status: text.update, ...(text.reason && { reason: text.reason }) })),
  });
  if (status !== 200 || !Array.isArray(json?.messages)) throw new Error(`CHT answered ${status}`);
  texts.forEach(([, text]) => (text.done = true));
  news.forEach(([, text], index) => (text.told = told[index]));
  const fresh = json.messages.filter(({ id }) => id && !kept.out[id]);
  for (const { id, to, content } of fresh) kept.out[id] = { to, content, stage: "new", update: "UNSENT", told: "" };
  if (texts.length || news.length || fresh.length) save();
  return fresh.length > 0 || texts.length > 0;
}

// RapidPro: send what is new, one after the other; look up what may have been sent; follow what was.
const token = { Authorization: `Token ${env.RELAY_RAPIDPRO_TOKEN}` };
class Later extends Error {}

async function rapidpro(path, body) {
  const answer = await call(`${env.RELAY_RAPIDPRO_URL}/api/v2/${path}`, token, body);
  if (answer.status === 429 && defect !== "impatient") throw new Later(String(1000 * (answer.wait || 60)));
  return answer;
}

async function send(text) {
  if (text.stage === "unsure") {
    if (Date.now() < text.lookAt) return;
    const { status, json } = await rapidpro("broadcasts.json");
    if (status !== 200 || !Array.isArray(json?.results)) throw new Error(`RapidPro answered ${status}`);
    const taken = new Set(Object.values(kept.out).map((one) => one.broadcast));
    const found = json.results.find((one) => !taken.has(one.id) && Date.parse(one.created_on) > text.tried - 2000
      && one.urns?.[0] === `tel:${text.to}` && Object.values(one.text)[0] === escaped(text.content));
    if (found) return Object.assign(text, { stage: "sent", broadcast: found.id });
    if ((text.looks += 1) < 3) return void (text.lookAt = Date.now() + settle);
  }
  Object.assign(text, { stage: defect === "repeats" ? "new" : "unsure", tried: Date.now(), looks: 0, lookAt: 0 });
  save(); // a crash from here on leaves it unsure
  const answer = await rapidpro("broadcasts.json", { urns: [`tel:${text.to}`], text: escaped(text.content) })
    .catch((failure) => { if (failure instanceof Later) text.stage = "new"; throw failure; });
  if (answer.status === 201 && answer.json?.id) return Object.assign(text, { stage: "sent", broadcast: answer.json.id });
  if (answer.status === 400 && answer.json) {
    return Object.assign(text, { stage: "done", update: "FAILED", reason: answer.text.slice(0, 200) });
  }
  if ([401, 403, 404, 429].includes(answer.status)) text.stage = "new"; // refused: it was not sent
  throw new Error(`RapidPro answered ${answer.status}`);
}

const escaped = (content) => content.trim().replaceAll("@", "@@");

async function follow(text) {
  if (Date.now() < (text.askAt ?? 0)) return;
  text.every = Math.min(2 * (text.every ?? pause / 4), 600_000);
  text.askAt = Date.now() + text.every;
  const { json } = await rapidpro(`messages.json?broadcast=${text.broadcast}`);
  const update = UPDATES[json?.results?.[0]?.status];
  if (!update || ORDER.indexOf(update) <= ORDER.indexOf(text.update)) return;
  Object.assign(text, { update, every: pause / 4, ...(update === "FAILED" && { reason: "RapidPro: failed" }) });
  if (["DELIVERED", "FAILED"].includes(update)) text.stage = "done";
}

let wake = () => {};
async function loop(work, wakeable) {
  for (;;) {
    let wait = pause;
    try { if (await work()) wait = 0; } catch (failure) {
      if (failure instanceof Later) wait = Number(failure.message);
      else console.error(String(failure.message));
    }
    await Promise.race([sleep(wait), ...(wakeable ? [new Promise((done) => (wake = done))] : [])]);
  }
}
loop(exchange, true);
loop(async () => {
  for (const text of Object.values(kept.out)) {
    if (["new", "unsure"].includes(text.stage)) { await send(text); save(); }
  }
  for (const text of Object.values(kept.out)) {
    if (text.stage === "sent") { const before = text.update; await follow(text); if (before !== text.update) { save(); wake(); } }
  }
}, false);
