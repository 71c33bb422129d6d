// The table of runs: filtered, sorted, ticked and tagged.

import { el } from "./dom.js";
import { badge, epochsOf, known, shareText } from "./figures.js";
import { duration, measured, say, when } from "./words.js";

/** @typedef {import("./api.js").Run} Run */
/** @typedef {import("./words.js").Word} Word */
/** @typedef {{ word: Word, hint?: Word, by: (run: Run) => string | number | null, cell: (run: Run) => string | Node }} Column */
/** @typedef {{ tick: (name: string, on: boolean) => void, tag: (name: string, tags: string[]) => void,
 *   erase: (name: string) => void, resume: (name: string) => void, changed: () => void }} Actions */

/** @type {Column[]} */
const COLUMNS = [
  {
    word: "run",
    by: (run) => run.name,
    cell: (run) => el("a", { href: `#train/${encodeURIComponent(run.name)}`, textContent: run.name }),
  },
  { word: "recipe", by: (run) => run.recipe, cell: (run) => run.recipe },
  { word: "state", by: (run) => run.state, cell: (run) => badge(run.state) },
  { word: "epochs", hint: "epochsHint", by: (run) => run.epoch, cell: epochsOf },
  { word: "accuracy", hint: "accuracyHint", by: (run) => run.accuracy, cell: (run) => shareText(run.accuracy) },
  { word: "f1", hint: "f1Hint", by: (run) => run.f1, cell: (run) => shareText(run.f1) },
  { word: "ap", hint: "apHint", by: (run) => run.map, cell: (run) => shareText(run.map) },
  { word: "loss", hint: "lossHint", by: (run) => run.loss, cell: (run) => known(run.loss, measured) },
  { word: "trainTime", hint: "trainTimeHint", by: (run) => run.train_s, cell: (run) => known(run.train_s, duration) },
  { word: "seed", hint: "seedHint", by: (run) => run.seed, cell: (run) => known(run.seed, String) },
  { word: "date", by: (run) => run.date, cell: (run) => (run.date ? when(run.date) : "–") },
];

/** @param {Actions} actions */
export function runTable(actions) {
  /** The column that sorts, and the other way round; at first as the server sends them. */
  let sorted = -1;
  let falling = false;
  const head = el("tr");
  const body = el("tbody");
  const root = el(
    "div",
    { className: "scroll", tabIndex: 0, role: "region", label: "runs" },
    el("table", {}, el("thead", {}, head), body),
  );

  /** @param {number} place */
  const sortBy = (place) => {
    falling = sorted === place ? !falling : typeof COLUMNS[place].by !== "string" && place > 3;
    sorted = place;
    actions.changed();
  };

  /** @param {Column} column @param {number} place */
  const header = ({ word, hint }, place) => {
    const sign = sorted === place ? (falling ? " ↓" : " ↑") : "";
    const way = sorted === place ? (falling ? "descending" : "ascending") : "none";
    const sort = el("button", {
      type: "button",
      className: "plain",
      textContent: say(word) + sign,
      title: hint ? say(hint) : say("sort"),
      on: { click: () => sortBy(place) },
    });
    if (hint) sort.setAttribute("aria-description", say(hint));
    return el("th", { scope: "col", "aria-sort": way }, sort);
  };

  /** @param {Run} run @param {string[]} ticked */
  const row = (run, ticked) => {
    const place = ticked.indexOf(run.name);
    const box = el("input", {
      type: "checkbox",
      checked: place >= 0,
      "aria-label": say("tick", run.name),
      on: { change: () => actions.tick(run.name, box.checked) },
    });
    const tags = el("input", {
      className: "tags",
      value: run.tags.join(", "),
      placeholder: say("addTags"),
      "aria-label": say("tagsOf", run.name),
      on: {
        change: () => {
          const list = tags.value.split(",").map((tag) => tag.trim());
          actions.tag(run.name, list.filter(Boolean));
        },
      },
    });
    const small = (/** @type {Word} */ word, /** @type {() => void} */ click) =>
      el("button", {
        type: "button",
        className: "plain",
        textContent: say(word),
        "aria-label": `${say(word)} ${run.name}`,
        on: { click },
      });
    return el(
      "tr",
      {},
      el("td", { className: place >= 0 ? `c${place % 8} ticked` : "" }, box),
      ...COLUMNS.map(({ cell }, at) => el(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : {}, cell(run))),
      el("td", {}, tags),
      el(
        "td",
        { className: "actions" },
        run.state === "stopped" && small("resume", () => actions.resume(run.name)),
        run.state !== "training" && small("delete", () => actions.erase(run.name)),
      ),
    );
  };

  return {
    root,
    /** @param {Run[]} runs @param {string} filter @param {string[]} ticked */
    show: (runs, filter, ticked) => {
      // The table is drawn anew by news too: not while a tag is being written.
      if (document.activeElement?.classList.contains("tags")) return;
      const place = [...root.querySelectorAll("button, input")].indexOf(
        /** @type {Element} */ (document.activeElement),
      );
      const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
      const text = (/** @type {Run} */ run) =>
        [run.name, run.recipe, run.kind ?? "", say(run.state === "training" ? "inTraining" : run.state), ...run.tags]
          .join(" ")
          .toLowerCase();
      const rows = runs.filter((run) => words.every((word) => text(run).includes(word)));
      if (sorted >= 0) rows.sort((a, b) => compared(COLUMNS[sorted].by(a), COLUMNS[sorted].by(b), falling));
      head.replaceChildren(
        el("th", {}, el("span", { className: "hidden", words: "ticks" })),
        ...COLUMNS.map(header),
        el("th", { scope: "col", words: "tags" }),
        el("th", {}, el("span", { className: "hidden", words: "actions" })),
      );
      body.replaceChildren(...rows.map((run) => row(run, ticked)));
      if (rows.length === 0)
        body.append(el("tr", {}, el("td", { colSpan: COLUMNS.length + 3, words: runs.length ? "noMatch" : "noRuns" })));
      const again = root.querySelectorAll("button, input")[place];
      if (again instanceof HTMLElement) again.focus();
    },
  };
}

/** What is not known comes last either way.
 * @param {string | number | null} a
 * @param {string | number | null} b
 * @param {boolean} falling
 */
function compared(a, b, falling) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === "number" ? a - Number(b) : String(a).localeCompare(String(b), undefined, { numeric: true });
  return falling ? -order : order;
}
