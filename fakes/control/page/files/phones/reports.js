// What happens to the delivery reports about one phone: a rule of the channel that is aimed at its number.
import {attempt, get, put} from "../api.js";
import {make} from "../dom.js";
import {watch} from "../events.js";
import {t} from "../words.js";

const TROUBLES = ["late_report", "duplicate_report", "out_of_order", "no_report", "never_reports", "failed", "refused", "errored"];
const choices = new Map();  // by number
let aimed = [];

export function watchReports() {
  watch(["channel"], async () => {
    ({aimed} = await get("/rapidpro/channel"));
    for (const [number, choice] of choices) if (document.activeElement !== choice) choice.value = troubleOf(number);
  });
}

// The rule of this phone alone, as this page makes it; other rules stay as they are.
const own = (rule, number) => rule.match.to === number && (rule.match.text ?? null) === null
  && (rule.match.nth ?? null) === null && (rule.match.segment ?? null) === null;
const troubleOf = (number) => aimed.find((rule) => own(rule, number))?.trouble ?? "";

export function reportsChoice(number) {
  const choice = make("select", {}, make("option", {value: ""}, t("trouble.none")),
    ...TROUBLES.map((name) => make("option", {value: name}, t(`trouble.${name}`))));
  choice.value = troubleOf(number);
  choices.set(number, choice);
  choice.addEventListener("change", () => attempt(async () => {
    const others = (await get("/rapidpro/channel")).aimed.filter((rule) => !own(rule, number));
    const rule = choice.value ? [{match: {to: number}, trouble: choice.value}] : [];
    ({aimed} = await put("/rapidpro/channel", {aimed: [...others, ...rule]}));
  }, t("trouble.set")));
  return make("label", {}, t("trouble.title"), " ", choice);
}
