// The tabs beside the ladder: arrow keys move between them, as ARIA's pattern of tabs says.
import {byId} from "./dom.js";
import {readMissed} from "./events.js";

export function startTabs() {
  const bar = byId("tabs");
  const all = () => [...bar.querySelectorAll("[role=tab]:not([hidden])")];
  const choose = (tab) => {
    for (const one of all()) {
      const chosen = one === tab;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      byId(one.getAttribute("aria-controls")).hidden = !chosen;
    }
    readMissed();
  };
  bar.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  bar.addEventListener("keydown", (event) => {
    const tabs = all(), place = tabs.indexOf(document.activeElement);
    const to = {ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: tabs.length - 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
}

// Takes away a tab for which these fakes have no routes.
export function withoutTab(name) {
  byId(`tab-${name}`).hidden = true;
}
