// One exchange with its request and its answer, fetched when it is opened; or a text and its statuses.
import {attempt, get} from "../api.js";
import {byId, dayAndTime, make, pretty} from "../dom.js";
import {named, t} from "../words.js";

// `seqs`: the numbers of the exchanges that are folded into the same row.
export async function openExchange(seq, seqs = [seq]) {
  const found = await attempt(() => get(`/ledger?after=${seq - 1}&limit=1`));
  const exchange = found?.exchanges.find((one) => one.seq === seq);
  if (!exchange) {
    if (found) show(t("exchange.title", {seq}), [make("p", {}, t("exchange.gone"))]);
    return;
  }
  show(t("exchange.title", {seq}), [...contents(exchange), ...(seqs.length > 1 ? [others(seq, seqs)] : [])]);
}

export function openText(row) {
  const rows = [[t("text.words"), row.message?.text ?? row.task?.text ?? row.title()], [t("text.at"), dayAndTime(row.at)]];
  for (const {status, at} of row.message?.statuses ?? []) rows.push([named("status", status), dayAndTime(at)]);
  for (const {state, at} of row.task?.history ?? []) rows.push([named("state", state), dayAndTime(at)]);
  if (row.message?.failed_reason) rows.push([t("text.reason"), named("reason", row.message.failed_reason)]);
  show(t("text.title"), [pairs(rows)]);
}

export function closeExchange() {
  byId("exchange").hidden = true;
  if (location.hash.startsWith("#seq=")) history.replaceState(null, "", location.pathname);
}

function show(title, nodes) {
  byId("exchange-title").textContent = title;
  byId("exchange-body").replaceChildren(...nodes);
  byId("exchange").hidden = false;
  byId("exchange-title").focus({preventScroll: true});
  byId("exchange").scrollIntoView({block: "nearest"});
}

function* contents(one) {
  const query = one.query ? `?${one.query}` : "";
  yield make("p", {}, t(`exchange.${one.direction}`, {service: named("lane", one.service)}), " ",
    make("code", {}, `${one.method} ${one.path}${query}`));
  const about = [[t("text.at"), dayAndTime(one.at)]];
  if (one.fault) about.push([t("exchange.fault"), one.fault]);
  if (!one.acted) about.push([t("exchange.acted"), t("exchange.not_acted")]);
  if (one.unexpected) about.push([t("exchange.unexpected"), one.unexpected]);
  if (one.error) about.push([t("exchange.error"), one.error]);
  about.push([t("exchange.link"), make("a", {href: `#seq=${one.seq}`}, `#seq=${one.seq}`)]);
  yield pairs(about);
  yield make("h4", {}, t("exchange.request"));
  yield* part(one.request);
  yield make("h4", {}, t("exchange.answer"));
  if (!one.reply) yield make("p", {}, t("exchange.no_answer"));
  else {
    yield make("p", {class: "status"}, t("exchange.status", {status: one.reply.status}));
    yield* part(one.reply);
  }
}

function* part({headers, body}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  if (body) yield make("pre", {tabindex: "0", dir: "auto"}, pretty(body));
  if (lines) yield make("details", {}, make("summary", {}, t("exchange.headers")), make("pre", {tabindex: "0"}, lines));
}

function pairs(rows) {
  return make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {dir: "auto"}, value)]));
}

function others(seq, seqs) {
  const place = seqs.indexOf(seq);
  const button = (words, to) => make("button", {type: "button", disabled: seqs[to] === undefined,
    onclick: () => openExchange(seqs[to], seqs)}, words);
  return make("p", {}, t("exchange.folded", {place: place + 1, count: seqs.length}), " ",
    button(t("exchange.earlier"), place - 1), " ", button(t("exchange.later"), place + 1));
}
