// Asks the control API. It is the only thing that the page uses, so all that it does can be scripted.
import {byId} from "./dom.js";
import {t} from "./words.js";

export async function ask(method, path, body) {
  const headers = {Accept: "application/json"};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const content = typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body);
  let reply;
  try {
    reply = await fetch(path, {method, headers, body: content});
  } catch {
    throw new Error(t("api.unreachable"));
  }
  if (!reply.ok) {
    const told = await reply.json().catch(() => ({}));
    throw new Error(told.error ?? t("api.status", {status: reply.status}));
  }
  return reply;
}

export const get = async (path) => (await ask("GET", path)).json();
export const put = async (path, body) => (await ask("PUT", path, body)).json();
export const post = async (path, body) => (await ask("POST", path, body)).json();
export const remove = async (path) => (await ask("DELETE", path)).json();

// Which routes there are: "GET /clock". The fakes of one service alone, or without recording, have fewer.
export async function knownRoutes() {
  const {routes} = await get("/");
  return new Set(routes.map(({method, path}) => `${method} ${path}`));
}

export function say(text) {
  byId("failed").replaceChildren();
  byId("told").textContent = text;
}

export function complain(failure) {
  byId("told").textContent = "";
  byId("failed").textContent = failure.message;
}

// Does something; tells in `said` that it is done, or why not. Returns what it returned, undefined if it failed.
export async function attempt(action, said) {
  try {
    const done = await action();
    if (said) say(typeof said === "function" ? said(done) : said);
    else byId("failed").replaceChildren();
    return done;
  } catch (failure) {
    complain(failure);
    return undefined;
  }
}
