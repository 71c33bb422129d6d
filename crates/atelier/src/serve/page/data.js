// The view Data: what a source holds, and what is odd about it.

import { Failure, get, part } from "./api.js";
import { boxes } from "./boxes.js";
import { toCanvas } from "./canvas.js";
import { bar, button, commandLine, complaint, el, field } from "./dom.js";
import { number, say } from "./words.js";

const known = el("datalist", { id: "sources" });
const source = el("input", { value: "mnist", list: "sources", autocomplete: "off", required: true });
const failure = complaint();
/** Milliseconds before a source that the server still looks at is asked for again, and how often. */
const AGAIN = 3000;
const TIMES = 20;

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
    const all = [...new Set(["mnist", ...sources])].filter((name) => name && name !== "scenes");
    known.replaceChildren(...all.map((value) => el("option", { value })));
    const answer = await patiently(`/v1/data?source=${part(source.value)}`, () => own === asked);
    if (own !== asked) return;
    set = answer;
    command.say(answer.command);
  } catch (error) {
    if (own !== asked) return;
    set = null;
    failure.say(error);
  }
  render();
}

/** A large set takes longer than one request may: the server goes on, and is asked again.
 * @param {string} path
 * @param {() => boolean} wanted
 * @returns {Promise<import("./api.js").DataSet>}
 */
async function patiently(path, wanted) {
  for (let time = 1; ; time += 1) {
    try {
      return await get(path);
    } catch (error) {
      const slow = error instanceof Failure && error.status === 503;
      if (!slow || time === TIMES || !wanted()) throw error;
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }
}

/** A small copy of a picture, with its boxes.
 * @param {import("./api.js").DataSet["images"][number]} picture
 */
function small({ image, label, boxes: corners }) {
  const copy = el("img", { src: image, alt: label ? "" : say("toCanvas") });
  if (corners.length === 0) return copy;
  const framed = el("span", { className: "framed" }, copy);
  copy.addEventListener("load", () => {
    const found = corners.map((box) => ({ box, score: 1, class: label }));
    const size = [copy.naturalWidth, copy.naturalHeight];
    framed.replaceChildren(boxes(found, { url: image, size }));
  });
  return framed;
}

function render() {
  if (!set) {
    found.replaceChildren();
    return;
  }
  const { classes, images, findings, notes } = set;
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
        ...images.map((picture) =>
          el(
            "button",
            {
              type: "button",
              title: say("toCanvas"),
              on: { click: () => void toCanvas(picture.image) },
            },
            small(picture),
            el("span", { textContent: picture.label }),
          ),
        ),
      ),
    ),
    el(
      "section",
      { className: "card" },
      el("h3", { words: "findings" }),
      findings.length === 0 && el("p", { words: "noFindings" }),
      ...notes.map((note) => el("p", { className: "quiet", textContent: note })),
      ...findings.map(({ title, count, text, must_fix }) =>
        el(
          "div",
          {},
          el("strong", { className: must_fix ? "error" : "", textContent: say("pair", title, number(count)) }),
          el("p", { className: "quiet", textContent: text }),
        ),
      ),
    ),
  );
}

export function texts() {
  if (set) render();
}
