// A control for each form of value that a recipe has.

import { choice, el } from "./dom.js";

/** @typedef {import("./layers.js").Form} Form */

/** A number as people and recipes write it; undefined where it is none.
 * @param {string} text
 */
function parsed(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() === "" || Number.isNaN(value) ? undefined : value;
}

/** @param {any} value */
const shown = (value) =>
  value === undefined || value === null ? "" : Array.isArray(value) ? value.join(" x ") : String(value);

/** One number, or two with an x or a comma between them.
 * @param {string} text
 */
function parsedPair(text) {
  const sides = text.split(/[x×,;]/).map(parsed);
  if (sides.some((side) => side === undefined)) return undefined;
  return sides.length === 1 || sides[0] === sides[1] ? sides[0] : sides;
}

/** A control that shows a value and tells of changes; undefined stands for the usual value.
 * @param {Exclude<Form, "layers">} form
 * @param {any} value
 * @param {any} usual
 * @param {(value: any) => void} change
 * @returns {HTMLInputElement | HTMLSelectElement}
 */
export function control(form, value, usual, change) {
  if (form === "flag") {
    const box = el("input", { type: "checkbox", checked: value ?? usual });
    box.addEventListener("change", () => change(box.checked === usual ? undefined : box.checked));
    return box;
  }
  if (Array.isArray(form)) {
    return choice(form, value ?? usual, change);
  }
  const input = el("input", {
    value: shown(value),
    placeholder: shown(usual),
    inputMode: form === "text" ? "text" : "decimal",
    autocomplete: "off",
    spellcheck: false,
  });
  input.addEventListener("change", () => {
    const text = input.value;
    if (text.trim() === "") return change(undefined);
    const next = form === "pair" ? parsedPair(text) : form === "text" ? (parsed(text) ?? text.trim()) : parsed(text);
    // What is no number goes to the server as it is, which says what it expects.
    change(next ?? text.trim());
  });
  return input;
}
