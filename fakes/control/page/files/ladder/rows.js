// What the ladder shows, as plain data: exchanges of the ledger, and what became of texts between channel and phones.
// The title of a row is a function: of thousands of rows, few are ever drawn.
import {named, t} from "../words.js";

export const LANES = ["phone", "channel", "rapidpro", "relay", "cht"];
const SERVICES = {rapidpro: "rapidpro", cht: "cht"};

// A row for an exchange as GET /events tells it.
export function exchangeRow(event) {
  const [from, to] = sides(event);
  const marks = [];
  if (event.fault) marks.push(t("mark.fault", {fault: event.fault.split("#")[0]}));
  else if (event.status === 429) marks.push(t("mark.throttled"));
  if (event.unexpected) marks.push(t("mark.unexpected"));
  return {
    key: `e${event.seq}`, at: event.at, order: event.seq, from, to, numbers: event.numbers, seq: event.seq,
    title: () => event.summary || `${event.method} ${event.path}`, marks, status: event.status,
    quiet: quietKey(event), bad: Boolean(event.fault) || event.status === null || event.status >= 400,
  };
}

// Who calls whom. If CHT itself is the relay, it and RapidPro call each other; so do flows that call CHT.
function sides({service, direction, path, numbers, other_end: other}) {
  const one = SERVICES[service] ?? (numbers.length ? "rapidpro" : "cht");  // or another origin, to which a redirect led
  if (one === "cht" && direction === "in" && path.startsWith("/api/v2/sms/")) return ["rapidpro", "cht"];
  if (one === "cht" && direction === "out" && path.startsWith("/api/v2/")) return ["cht", "rapidpro"];
  const far = SERVICES[other] ?? "relay";
  return direction === "in" ? [far, one] : [one, far];
}

// What makes a call the same as an earlier one: reading again what was read before, and polls that carry nothing.
// Null for a call that carries something.
function quietKey(event) {
  const odd = event.fault || event.unexpected || event.status === null || event.status >= 300;
  if (odd || event.direction === "out" || (event.method !== "GET" && event.numbers.length)) return null;
  return [event.service, event.method, event.path, event.status, event.summary, ...event.numbers].join(" ");
}

const LONGEST = 40;  // characters of a text in a row
const short = (text) => text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;

const BEFORE = -1, AFTER = Number.MAX_SAFE_INTEGER;

// The rows of one of RapidPro's messages: a text that came in, or each status of one that goes out.
export function messageRows(message, nameOf) {
  const texts = () => ({text: short(message.text), who: nameOf(message.number)});
  const about = {numbers: [message.number], message, marks: [], quiet: null, bad: false};
  if (message.direction === "in") {
    const title = () => t("row.from", texts());
    return [{...about, key: `i${message.id}`, at: message.created_on, order: BEFORE, from: "phone", to: "rapidpro", title}];
  }
  return message.statuses.map(({status, at}, place) => {
    const [from, to] = status === "wired" ? ["rapidpro", "channel"] : ["channel", "rapidpro"];
    const bad = status === "failed" || status === "errored";
    const marks = bad && message.failed_reason ? [named("reason", message.failed_reason)] : [];
    const title = () => t("row.status", {...texts(), status: named("status", status)});
    return {...about, key: `s${message.id}.${place}`, at, order: AFTER, from, to, title, bad, marks};
  });
}

// The row of a text that a phone received.
export function arrivalRow(number, text, place, nameOf) {
  const title = () => t("row.to", {text: short(text.text), who: nameOf(number)});
  return {key: `p${number}.${place}`, at: text.at, order: AFTER, from: "channel", to: "phone", title, numbers: [number],
    message: null, marks: [], quiet: null, bad: false};
}

// The rows of a document's tasks: each state that CHT gave them, beside the calls that led to it.
export function stateRows({tasks}, nameOf) {
  return tasks.flatMap(({id, to, text, history}) => history.map(({state, at}, place) => ({
    key: `c${id}.${place}`, at, order: AFTER, from: "cht", to: "cht", numbers: [to], task: {text, history}, marks: [], quiet: null, bad: false,
    title: () => t("row.state", {text: short(text), who: nameOf(to), state: named("state", state)}),
  })));
}

export const inOrder = (one, other) => one.at < other.at ? -1 : one.at > other.at ? 1 : one.order - other.order;

// Runs of quiet rows as one row for each kind of call, at the place of the first.
export function folded(rows) {
  const found = [];
  let run = new Map();
  for (const row of rows) {
    if (row.quiet === null) {
      run = new Map();
      found.push(row);
      continue;
    }
    const first = run.get(row.quiet);
    if (first) {
      first.seqs.push(row.seq);
      first.until = row.at;
    } else {
      const group = {...row, seqs: [row.seq]};
      run.set(row.quiet, group);
      found.push(group);
    }
  }
  return found;
}
