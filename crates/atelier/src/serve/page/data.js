// The view Data: what a source holds, and what is odd about it.

import { get, part } from "./api.js";
import { toCanvas } from "./canvas.js";
import { bar, button, commandLine, complaint, el, field } from "./dom.js";
import { number, say } from "./words.js";

const known = el("datalist", { id: "sources" });
const source = el("input", { value: "mnist", list: "sources", autocomplete: "off", required: true });
const failure = complaint();
const found = el("div", { className: "found", "aria-live": "polite" });
const command = commandLine();
/** @type {import("./api.js").DataSet | null} */
let set = null;
/** The newest question. */
let asked = 0;

/** @param {HTMLElement} root */
export function wire(root) {
  root.append(
    el("h2", { words: "dataTitle" }),
    el(
      "form",
      {
        on: {
          submit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            location.hash = `#data/${encodeURIComponent(source.value)}`;
            void load();
          },
        },
      },
      field("source", source, "sourceHint"),
      known,
      button("look", () => {}, { type: "submit", className: "main" }),
    ),
    failure.root,
    found,
    command.root,
  );
}

/** @param {string} rest the source in the address */
export async function show(rest) {
  if (rest) source.value = decodeURIComponent(rest);
  if (set?.source !== source.value) await load();
}

async function load() {
  const own = ++asked;
  command.say(`atelier data check ${source.value}`);
  found.replaceChildren(el("p", { className: "quiet", words: "looking" }));
  failure.say();
  try {
    const { recipes } = await get("/v1/recipes");
    const sources = recipes.map(
      (/** @type {import("./api.js").Recipe} */ one) => /source\s*=\s*"([^"]+)"/.exec(one.toml)?.[1],
    );
    const all = [...new Set(["mnist", "scenes", ...sources])].filter(Boolean);
    known.replaceChildren(...all.map((value) => el("option", { value })));
    const answer = await get(`/v1/data?source=${part(source.value)}`);
    if (own !== asked) return;
    set = answer;
  } catch (error) {
    if (own !== asked) return;
    set = null;
    failure.say(error);
  }
  render();
}

function render() {
  if (!set) {
    found.replaceChildren();
    return;
  }
  const { classes, images, findings } = set;
  const most = Math.max(1, ...classes.map((one) => one.train));
  const totals = classes.reduce(([train, test], one) => [train + one.train, test + one.test], [0, 0]);
  found.replaceChildren(
    el(
      "section",
      { className: "card" },
      el("h3", { textContent: say("classesOf", number(classes.length), number(totals[0]), number(totals[1])) }),
      el(
        "div",
        { className: "scroll", tabIndex: 0, role: "region", label: "classes" },
        el(
          "table",
          {},
          el(
            "thead",
            {},
            el(
              "tr",
              {},
              ...["class", "train", "share", "test"].map((word) => el("th", { scope: "col", words: `data_${word}` })),
            ),
          ),
          el(
            "tbody",
            {},
            ...classes.map(({ name, train, test }) =>
              el(
                "tr",
                {},
                el("th", { scope: "row", textContent: name }),
                el("td", { textContent: number(train) }),
                el("td", { className: "share" }, bar(train / most, name)),
                el("td", { textContent: number(test) }),
              ),
            ),
          ),
        ),
      ),
    ),
    el(
      "section",
      { className: "card" },
      el("h3", { words: "pictures" }),
      el("p", { className: "quiet", words: "picturesHelp" }),
      el(
        "div",
        { className: "strip mistakes" },
        ...images.map(({ image, label }) =>
          el(
            "button",
            {
              type: "button",
              title: say("toCanvas"),
              on: { click: () => void toCanvas(image) },
            },
            el("img", { src: image, alt: "" }),
            el("span", { textContent: label }),
          ),
        ),
      ),
    ),
    el(
      "section",
      { className: "card" },
      el("h3", { words: "findings" }),
      findings.length === 0 && el("p", { words: "noFindings" }),
      ...findings.map(({ title, count, text }) =>
        el(
          "div",
          {},
          el("strong", { textContent: `${title}: ${number(count)}` }),
          el("p", { className: "quiet", textContent: text }),
        ),
      ),
    ),
  );
}

export function texts() {
  if (set) render();
}
