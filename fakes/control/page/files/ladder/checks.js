// The checks as they run: what is wrong so far, and apart from that what is still on its way; with links into the ladder.
import {get} from "../api.js";
import {byId, keyed, make} from "../dom.js";
import {watch} from "../events.js";
import {nameOf} from "../phones/people.js";
import {t} from "../words.js";

const FEW = 5;
const UNDER_WAY = "waiting";  // the level of what may still come right

export function startChecks() {
  byId("checks").hidden = false;
  watch(["checks"], async () => {
    const {violations: found, judged, problem} = await get("/checks");
    const violations = found.filter(({level}) => level !== UNDER_WAY), waiting = found.filter(({level}) => level === UNDER_WAY);
    const none = judged || waiting.length ? t("checks.good") : t("checks.not_judged");
    say("checks-count", problem ?? (violations.length ? t("checks.count", {count: violations.length}) : none));
    say("under-way-count", waiting.length ? t("checks.under_way", {count: waiting.length}) : "");
    keyed(byId("violations"), violations, JSON.stringify, violation);
    keyed(byId("under-way"), waiting, JSON.stringify, underWay);
  });
}

// A screen reader tells what is set anew, so only what is different is.
function say(id, words) {
  if (byId(id).textContent !== words) byId(id).textContent = words;
}

const violation = (one) => make("li", {class: "violation"},
  make("b", {class: "mark"}, one.level ? `${one.kind} (${one.level})` : one.kind), " ", ...contents(one));

const underWay = (one) => make("li", {}, ...contents(one));

function contents({sentence, seqs, number}) {
  const links = seqs.slice(0, FEW).flatMap((seq) => [" ", make("a", {href: `#seq=${seq}`}, t("checks.link", {seq}))]);
  return [make("bdi", {}, sentence), ...(number ? [" ", make("bdi", {}, nameOf(number))] : []), ...links];
}
