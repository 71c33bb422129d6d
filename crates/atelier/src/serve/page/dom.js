// Makes elements, and the short explanations behind the names of numbers.

import { say } from "./words.js";

/** @typedef {import("./words.js").Word} Word */
/** @typedef {string | Node | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on` holds listeners, `words` is a text and `label` an accessible name in both languages, `data-...` and
 * `aria-...` are attributes, everything else is a property.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (key === "words") {
      made.dataset.words = value;
      made.textContent = say(value);
    } else if (key === "label") {
      made.dataset.label = value;
      made.setAttribute("aria-label", say(value));
    } else if (key in made && !key.includes("-") && key !== "list") {
      /** @type {any} */ (made)[key] = value;
    } else {
      made.setAttribute(key, String(value));
    }
  }
  made.append(...children.filter(isNode));
  return made;
}

/** @param {Child} child @returns {child is string | Node} */
const isNode = (child) => child !== null && child !== undefined && child !== false;

/** An element of a drawing.
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Child} children
 */
export function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children.filter(isNode));
  return made;
}

/** A bar as long as a share, 0 to 1.
 * @param {number} value
 * @param {string} name
 */
export const bar = (value, name) =>
  svg(
    "svg",
    {
      class: "bar",
      viewBox: "0 0 100 8",
      preserveAspectRatio: "none",
      role: "meter",
      "aria-label": name,
      "aria-valuenow": value,
      "aria-valuemin": 0,
      "aria-valuemax": 1,
    },
    svg("rect", { width: 100 * value, height: 8 }),
  );

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export const by = (id) => /** @type {T} */ (document.getElementById(id));

/** A button.
 * @param {Word} words
 * @param {(event: MouseEvent) => void} click
 * @param {Record<string, any>} [properties]
 */
export const button = (words, click, properties = {}) =>
  el("button", { type: "button", words, on: { click }, ...properties });

/** The name of a number; pressing it says what the number means.
 * @param {Word} words
 * @param {Word} hint
 */
export const term = (words, hint) =>
  el("button", {
    type: "button",
    className: "term",
    words,
    "data-hint": hint,
    title: say(hint),
    "aria-description": say(hint),
  });

/** Numbers with their names.
 * @param {[Word, Word, string | Node][]} rows name, explanation, value
 */
export const facts = (rows) =>
  el(
    "dl",
    { className: "facts" },
    ...rows.map(([words, hint, value]) => el("div", {}, el("dt", {}, term(words, hint)), el("dd", {}, value))),
  );

/** A field with its name.
 * @param {Word} words
 * @param {HTMLElement} control
 * @param {Word} [hint]
 */
export function field(words, control, hint) {
  control.id ||= `field-${(fields += 1)}`;
  const label = el("label", { htmlFor: control.id, words });
  if (hint) {
    label.dataset.hint = hint;
    label.title = say(hint);
    control.setAttribute("aria-description", say(hint));
  }
  return el("div", { className: "field" }, label, control);
}
let fields = 0;

/** A field whose name is a key of the recipe, the same in both languages.
 * @param {string} key
 * @param {HTMLElement} control
 */
export const named = (key, control) =>
  el("div", { className: "field" }, el("label", { htmlFor: control.id, textContent: key }), control);

/** A choice of a list.
 * @param {(string | { value: string, text: string })[]} options
 * @param {string} chosen
 * @param {(value: string) => void} change
 */
export function choice(options, chosen, change) {
  const select = el("select", { on: { change: () => change(select.value) } });
  for (const option of options) {
    const { value, text } = typeof option === "string" ? { value: option, text: option } : option;
    select.append(el("option", { value, textContent: text }));
  }
  select.value = chosen;
  return select;
}

/** The line that does the same on the command line.
 * @returns {{ root: HTMLElement, say: (text: string) => void }}
 */
export function commandLine() {
  const line = el("pre", { tabIndex: 0, className: "command" });
  const copied = el("output", { className: "quiet" });
  const write = () =>
    void navigator.clipboard?.writeText(line.textContent ?? "").then(() => (copied.textContent = say("copied")));
  const copy = button("copy", write, { className: "plain" });
  return {
    root: el("section", { className: "repeat" }, el("div", {}, el("h3", { words: "command" }), copy, copied), line),
    say: (text) => {
      line.textContent = text;
      copied.textContent = "";
    },
  };
}

/** What went wrong, with what to do about it; empty while nothing did. */
export function complaint() {
  const root = el("p", { className: "error", role: "alert", hidden: true });
  return {
    root,
    /** @param {unknown} [error] */
    say: (error) => {
      root.hidden = !error;
      const failure = /** @type {any} */ (error);
      root.replaceChildren(
        ...(error
          ? [el("strong", { textContent: failure.message ?? String(error) }), failure.hint ? ` ${failure.hint}` : ""]
          : []),
      );
    },
  };
}

/** Shows what a name means beside it, where it was pressed. */
export function explainTerms() {
  const bubble = el("p", { id: "hint", popover: "auto" });
  document.body.append(bubble);
  document.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const asked = target.closest?.("button[data-hint]");
    if (!(asked instanceof HTMLElement)) return;
    bubble.textContent = say(/** @type {Word} */ (asked.dataset.hint));
    bubble.showPopover();
    const box = asked.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - bubble.offsetWidth - 8);
    bubble.style.left = `${Math.max(8, left)}px`;
    bubble.style.top = `${box.bottom + 6}px`;
  });
}
