// Take it with you: the session as a file that developers can use.
import {ask, attempt} from "./api.js";
import {byId, make} from "./dom.js";
import {t} from "./words.js";

const KINDS = ["scenario", "pytest", "report"];

export function startSession() {
  byId("exports").append(...KINDS.map((kind) => make("li", {},
    make("button", {type: "button", "aria-describedby": `about-${kind}`, onclick: () => save(kind)}, t(`session.${kind}`)),
    " ", make("span", {id: `about-${kind}`, class: "faint"}, t(`session.${kind}.about`)))));
}

const save = (kind) => attempt(async () => {
  const reply = await ask("POST", "/session/export", {as: kind});
  const named = /filename="?([^";]+)"?/.exec(reply.headers.get("Content-Disposition") ?? "");
  const link = make("a", {href: URL.createObjectURL(await reply.blob()), download: named?.[1] ?? t(`session.${kind}.file`)});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}, t("session.saved"));
