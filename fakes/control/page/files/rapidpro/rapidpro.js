// RapidPro: quota, calls to webhooks, settings of the channel. The flows are in flows.js.
import {attempt, get, put} from "../api.js";
import {byId, dayAndTime, make, timeOfDay} from "../dom.js";
import {watch} from "../events.js";
import {field, typeOf, values} from "../fields.js";
import {onCalls} from "../ladder/ladder.js";
import {t} from "../words.js";
import {startFlows} from "./flows.js";

const CALLS = 50;

export function startRapidpro() {
  startFlows();
  watch(["rates", "messages", "clock"], showQuota, byId("rapidpro"));
  watch(["channel"], showChannel, byId("rapidpro"));
  showCalls();
}

async function showQuota() {
  const {scopes} = await get("/rapidpro/quota");
  const head = ["scope", "token", "rate", "left", "refills"].map((name) => make("th", {scope: "col"}, t(`quota.${name}`)));
  byId("quota").replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...scopes.map(row))));
}

function row({scope, rate, used, left, refills_at: refills, token}) {
  const name = t("quota.meter", {scope, left});
  return make("tr", {}, make("th", {scope: "row"}, scope), make("td", {}, token ?? ""), make("td", {}, rate),
    make("td", {}, make("meter", {min: 0, max: Math.max(used + left, 1), value: left, "aria-label": name}), ` ${left}`),
    make("td", {}, refills ? dayAndTime(refills) : t("quota.full")));
}

async function showChannel() {
  const settings = await get("/rapidpro/channel"), form = byId("channel").querySelector("form");
  if (form.contains(document.activeElement)) return;  // somebody is changing them
  form.replaceChildren(make("div", {class: "fields"}, ...Object.entries(settings).map(([name, value]) =>
    field({name, type: typeOf(value), default: value}))), make("button", {}, t("channel.save")));
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(() => {
      const wanted = Object.entries(values(form)).filter(([name, value]) =>
        JSON.stringify(value) !== JSON.stringify(settings[name]));
      return put("/rapidpro/channel", Object.fromEntries(wanted));
    }, t("channel.saved"));
  };
}

// The newest calls of RapidPro to webhooks, newest first.
function showCalls() {
  const list = byId("webhooks").querySelector("ol");
  onCalls((batch) => {
    const calls = batch.filter((event) => event.service === "rapidpro" && event.direction === "out").slice(-CALLS).reverse();
    list.prepend(...calls.map((event) => make("li", {}, make("a", {href: `#seq=${event.seq}`},
      t("webhooks.line", {at: timeOfDay(event.at), method: event.method, path: event.path,
        status: event.status ?? t("mark.no_answer")})))));
    while (list.children.length > CALLS) list.lastElementChild.remove();
  });
}
