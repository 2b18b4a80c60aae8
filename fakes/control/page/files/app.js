// Starts the parts of the page for which these fakes have routes.
import {complain, knownRoutes} from "./api.js";
import {startCht} from "./cht/cht.js";
import {byId} from "./dom.js";
import {listen} from "./events.js";
import {startClock} from "./faults/clock.js";
import {startOwnFaults} from "./faults/own.js";
import {startPresets} from "./faults/presets.js";
import {startChecks} from "./ladder/checks.js";
import {startLadder} from "./ladder/ladder.js";
import {watchPeople} from "./phones/people.js";
import {startPhones} from "./phones/phones.js";
import {watchReports} from "./phones/reports.js";
import {startRapidpro} from "./rapidpro/rapidpro.js";
import {startSession} from "./session.js";
import {startTabs, withoutTab} from "./tabs.js";

async function start() {
  const routes = await knownRoutes();
  const parts = [
    ["rapidpro", "GET /rapidpro/channel", () => startRapidpro()],
    ["cht", "GET /cht/docs", () => startCht()],
    ["session", "POST /session/export", () => startSession()],
  ];
  startTabs();
  startClock().catch(complain);
  startLadder();
  if (routes.has("GET /rapidpro/phones")) {
    startPhones();
    watchPeople();
    watchReports();
  } else byId("phones").hidden = true;
  if (routes.has("GET /checks")) startChecks();
  for (const [name, route, begin] of parts) {
    if (routes.has(route)) begin();
    else withoutTab(name);
  }
  startPresets(routes.has("GET /rapidpro/channel")).then(startOwnFaults).catch(complain);
  listen();
}

start().catch(complain);
