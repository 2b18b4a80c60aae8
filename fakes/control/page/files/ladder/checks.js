// The checks as they run: what is wrong so far, each with links into the ladder.
import {get} from "../api.js";
import {byId, keyed, make} from "../dom.js";
import {watch} from "../events.js";
import {nameOf} from "../phones/people.js";
import {t} from "../words.js";

const FEW = 5;

export function startChecks() {
  byId("checks").hidden = false;
  watch(["checks"], async () => {
    const {violations, judged, problem} = await get("/checks");
    const good = t(judged ? "checks.good" : "checks.waiting");
    const words = problem ?? (violations.length ? t("checks.count", {count: violations.length}) : good);
    if (byId("checks-count").textContent !== words) byId("checks-count").textContent = words;
    keyed(byId("violations"), violations, JSON.stringify, violation);
  });
}

function violation({kind, level, sentence, seqs, number}) {
  const links = seqs.slice(0, FEW).flatMap((seq) => [" ", make("a", {href: `#seq=${seq}`}, t("checks.link", {seq}))]);
  const who = number ? [" ", make("bdi", {}, nameOf(number))] : [];
  return make("li", {class: "violation"}, make("b", {class: "mark"}, level ? `${kind} (${level})` : kind), " ",
    make("bdi", {}, sentence), ...who, ...links);
}
