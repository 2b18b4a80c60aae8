// Bubbles: what a person sent and what was sent to the person, with the state of each and reports by hand.
import {attempt, post} from "../api.js";
import {dayAndTime, keyed, make} from "../dom.js";
import {named, t} from "../words.js";

const TICKS = {queued: "◷", initializing: "◷", pending: "◷", wired: "✓", sent: "✓", delivered: "✓✓", read: "✓✓", failed: "✗", errored: "↻"};
const SHOWN = 40;

// Shows the newest bubbles; earlier ones on request.
export function update(box, texts, messages) {
  const list = box.firstElementChild;
  const all = bubbles(texts, messages);
  const more = Number(list.dataset.more ?? 0), shown = all.slice(-SHOWN - more);
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 30;
  const items = all.length > shown.length ? [{key: "more", count: all.length - shown.length}, ...shown] : shown;
  keyed(list, items, (one) => one.key, create, refresh);
  const last = shown.at(-1)?.key;
  if (atEnd || list.dataset.last !== last) box.scrollTop = box.scrollHeight;
  list.dataset.last = last ?? "";
}

// Messages, and what the phone sent or got without a message that tells of it.
function bubbles(texts, messages) {
  const arrivals = new Map();
  for (const text of texts) {
    if (text.direction === "received") arrivals.set(text.message_id, (arrivals.get(text.message_id) ?? 0) + 1);
  }
  const known = new Set(messages.map((one) => one.id));
  const found = messages.map((message) => ({
    key: `m${message.id}`, at: message.created_on, mine: message.direction === "in", text: message.text, message,
    arrived: arrivals.get(message.id) ?? 0,
  }));
  texts.forEach((text, place) => {
    if (text.message_id !== null && known.has(text.message_id)) return;
    found.push({key: `t${place}`, at: text.at, mine: text.direction === "sent", text: text.text, message: null, arrived: 0});
  });
  return found.sort((one, other) => one.at < other.at ? -1 : one.at > other.at ? 1 : 0);
}

function create(item) {
  if (item.key === "more") return earlier();
  const state = make("p", {class: "state"});
  const bubble = make("li", {class: `bubble ${item.mine ? "mine" : "theirs"}`},
    make("span", {class: "unseen"}, t(item.mine ? "bubble.mine" : "bubble.theirs")),
    make("p", {class: "words", dir: "auto"}, item.text), state);
  if (!item.mine && item.message) bubble.append(byHand(item.message.id));
  return bubble;
}

function refresh(bubble, item) {
  if (item.key === "more") {
    bubble.firstElementChild.textContent = t("bubble.earlier", {count: item.count});
    return;
  }
  const line = stateOf(item);
  const state = bubble.querySelector(".state");
  if (state.textContent !== line) state.textContent = line;
  bubble.classList.toggle("failed", item.message?.status === "failed");
  const resend = bubble.querySelector(".resend");
  if (resend) resend.hidden = item.message.status !== "failed";
}

function stateOf({at, mine, message, arrived}) {
  const parts = [dayAndTime(at)];
  if (mine) {
    if (!message) parts.push(t("bubble.untaken"));
    return parts.join(" · ");
  }
  if (message) parts.push(`${TICKS[message.status] ?? ""} ${named("status", message.status)}`.trim());
  if (message?.failed_reason) parts.push(named("reason", message.failed_reason));
  if (arrived) parts.push(arrived === 1 ? t("bubble.arrived") : t("bubble.arrived.many", {count: arrived}));
  return parts.join(" · ");
}

function earlier() {
  return make("li", {class: "earlier"}, make("button", {type: "button", onclick: (event) => {
    const box = event.target.closest(".conversation"), list = box.firstElementChild;
    list.dataset.more = Number(list.dataset.more ?? 0) + 200;
    box.closest(".phone").dispatchEvent(new Event("toggle"));
    box.focus();
  }}));
}

// Delivery reports on request: now, however late that is; twice; or the report of a failure.
function byHand(id) {
  const report = (status, times) => attempt(async () => {
    for (let time = 0; time < times; time++) await post("/rapidpro/channel/reports", {message: id, status});
  }, t("report.done"));
  const button = (words, action, name = "") => make("button", {type: "button", class: name, onclick: action}, words);
  return make("details", {class: "by-hand"}, make("summary", {}, t("report.title")),
    button(t("report.delivered"), () => report("delivered", 1)),
    button(t("report.twice"), () => report("delivered", 2)),
    button(t("report.failed"), () => report("failed", 1)),
    button(t("report.resend"), () => attempt(() => post(`/rapidpro/messages/${id}/resend`), t("report.resent")), "resend"));
}
