// The page's texts in both languages, and numbers as these write them.

import { BUILD } from "./words/build.js";
import { COMMON } from "./words/common.js";
import { DRAW } from "./words/draw.js";
import { INSIDE } from "./words/inside.js";
import { TRAIN } from "./words/train.js";

const WORDS = { ...COMMON, ...DRAW, ...BUILD, ...TRAIN, ...INSIDE };

/** @typedef {"en" | "fr"} Language */
/** @typedef {keyof typeof WORDS} Word */

/** @type {Language} */
let language = remembered();

/** @returns {Language} */
function remembered() {
  const chosen = localStorage.getItem("language") ?? navigator.language.slice(0, 2);
  return chosen === "fr" ? "fr" : "en";
}

/** The text of a word, with values in its places.
 * @param {Word} word
 * @param {...(string | number)} values
 */
export function say(word, ...values) {
  return values.reduce(
    (/** @type {string} */ text, value, place) => text.replace(`{${place}}`, () => String(value)),
    WORDS[word][language === "fr" ? 1 : 0],
  );
}

/** A number as the language writes it.
 * @param {number} value
 * @param {number} [digits]
 */
export function number(value, digits = 0) {
  return value.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A number with at most four digits: 1.23 M.
 * @param {number} value
 */
export function compact(value) {
  return value.toLocaleString(language, {
    notation: "compact",
    maximumSignificantDigits: value < 1000 ? 4 : 3,
  });
}

/** A measured value with the digits that count.
 * @param {number} value
 */
export function measured(value) {
  return value.toLocaleString(language, { maximumSignificantDigits: 4 });
}

/** @param {number} value bytes */
export function bytes(value) {
  const units = language === "fr" ? ["o", "ko", "Mo", "Go"] : ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (value >= 1000 && unit < 3) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(language, { maximumSignificantDigits: 3 })} ${units[unit]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {string} date */
export function when(date) {
  return new Date(date).toLocaleString(language, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** A share as a percentage.
 * @param {number} value
 * @param {number} [digits] most digits behind the point
 * @param {number} [least] digits that are always written
 */
export function percent(value, digits = 1, least = digits) {
  return value.toLocaleString(language, {
    style: "percent",
    minimumFractionDigits: least,
    maximumFractionDigits: digits,
  });
}

/** @returns {Language} */
export const spoken = () => language;

/** The other language from now on. */
export function switchLanguage() {
  language = language === "fr" ? "en" : "fr";
  localStorage.setItem("language", language);
}

/** Writes the words of the language into the page. */
export function write() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-words]")) {
    if (element instanceof HTMLElement) element.textContent = say(/** @type {Word} */ (element.dataset.words));
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    if (element instanceof HTMLElement) element.ariaLabel = say(/** @type {Word} */ (element.dataset.label));
  }
  for (const element of document.querySelectorAll("[data-hint]")) {
    if (!(element instanceof HTMLElement)) continue;
    const hint = say(/** @type {Word} */ (element.dataset.hint));
    element.title = hint;
    const control = element instanceof HTMLLabelElement ? element.control : element;
    control?.setAttribute("aria-description", hint);
  }
}
