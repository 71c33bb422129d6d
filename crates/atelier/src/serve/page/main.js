// The page: which view is shown, the language, light and dark, and the server's token.

import { onTokenNeeded } from "./api.js";
import * as build from "./build.js";
import * as compare from "./compare.js";
import * as data from "./data.js";
import * as draw from "./draw.js";
import { button, by, el, explainTerms, field } from "./dom.js";
import { listen } from "./live.js";
import * as inside from "./inside.js";
import * as train from "./train.js";
import { say, spoken, switchLanguage, write } from "./words.js";

/** A view is wired once, shown with what stands behind its name in the address, and writes its texts anew.
 * @typedef {{ wire: (root: HTMLElement) => void, show?: (rest: string) => void, texts?: () => void }} View
 */
/** @type {Record<string, View>} */
const VIEWS = { draw, build, train, compare, inside, data };

/** Shows the view that the address names: `#train/my-run`, `#build=...`. */
function route() {
  const [, name = "", rest = ""] = /^#(\w+)[/=]?(.*)$/.exec(location.hash) ?? [];
  const shown = name in VIEWS ? name : "draw";
  for (const link of document.querySelectorAll("#views a")) {
    const own = link.getAttribute("href") === `#${shown}`;
    if (own) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" });
    } else link.removeAttribute("aria-current");
  }
  for (const view of Object.keys(VIEWS)) by(`view-${view}`).hidden = view !== shown;
  document.title = `${document.querySelector("#views [aria-current]")?.textContent} · atelier`;
  VIEWS[shown].show?.(rest);
}

function texts() {
  write();
  const language = by("language");
  language.textContent = say("language");
  language.lang = spoken() === "fr" ? "en" : "fr";
  for (const view of Object.values(VIEWS)) view.texts?.();
}

by("language").addEventListener("click", () => {
  switchLanguage();
  texts();
  route();
});

by("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

onTokenNeeded((wrong) => {
  const input = el("input", { type: "password", autocomplete: "off" });
  input.required = true;
  const form = el(
    "form",
    { className: "gate" },
    el("p", { words: "tokenHelp" }),
    field("token", input),
    button("enter", () => {}, { type: "submit", className: "main" }),
    wrong && el("p", { className: "error", role: "alert", words: "tokenWrong" }),
  );
  by("gate").replaceChildren(form);
  input.focus();
  return new Promise((resolve) =>
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      by("gate").replaceChildren();
      resolve(input.value.trim());
    }),
  );
});

for (const [name, view] of Object.entries(VIEWS)) view.wire(by(`view-${name}`));
explainTerms();
texts();
route();
addEventListener("hashchange", () => {
  route();
  scrollTo(0, 0);
});
void listen();
