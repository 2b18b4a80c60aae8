// A fault of one's own: a form made of the effects and their options as GET /effects lists them.
import {attempt, get, post} from "../api.js";
import {byId, make, sentence} from "../dom.js";
import {field, values} from "../fields.js";
import {t} from "../words.js";

const ELSEWHERE = ["service", "effect", "with", "match"];  // fields of a fault that the form has in other places
const WHICH = ["method", "path", "token", "to", "text"];

export async function startOwnFaults() {
  const {effects, fields} = await get("/effects");
  const form = byId("own-form"), options = make("div", {class: "fields"}), about = make("p", {class: "faint"});
  const effect = make("select", {name: "effect"}, ...effects.map(({name}) => make("option", {value: name}, name)));
  const services = make("select", {name: "service"}, make("option", {value: ""}, t("fault.both")),
    ...["rapidpro", "cht"].map((name) => make("option", {value: name}, t(`lane.${name}`))));
  const group = (words, options) => make("fieldset", {class: "fields"}, make("legend", {}, words), ...options.map(field));
  const which = group(t("own.which"), WHICH.map((name) => ({name, type: "text", about: t(`own.${name}`)})));
  const when = group(t("own.when"), fields.filter(({name}) => !ELSEWHERE.includes(name)).map((one) => ({...one, default: null})));
  const choose = () => {
    const chosen = effects.find(({name}) => name === effect.value);
    about.replaceChildren(...sentence(chosen.about));
    options.replaceChildren(...chosen.options.map(field));
  };
  form.append(make("label", {}, t("own.effect"), " ", effect), about, options,
    make("label", {}, t("own.service"), " ", services), which, when, make("button", {}, t("own.add")));
  effect.addEventListener("change", choose);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => {
      const match = values(which);
      return post("/faults", {
        effect: effect.value, with: values(options), ...values(when),
        ...(services.value ? {service: services.value} : {}), ...(Object.keys(match).length ? {match} : {}),
      });
    }, t("own.added", {effect: effect.value}));
  });
  choose();
}
