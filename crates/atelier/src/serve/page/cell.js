// One value of a map, with the arithmetic behind it: patch times kernel, summed.

import { part, post } from "./api.js";
import { choice, complaint, el, field } from "./dom.js";
import { measured, number, say } from "./words.js";

/** @typedef {{ model: string, layer: number, channel: number, row: number, column: number }} Place */
/** @typedef {import("./api.js").Cell} Cell */

export function cellPanel() {
  const failure = complaint();
  const sums = el("div");
  const fields = el("div", { className: "fields" });
  const root = el("div", { className: "cell", hidden: true }, fields, failure.root, sums);
  /** The newest question. */
  let asked = 0;

  /** @param {Place} place @param {number[]} size channels, rows and columns @param {import("./canvas.js").Picture} picture */
  async function open(place, size, picture) {
    root.hidden = false;
    const keys = /** @type {const} */ (["channel", "row", "column"]);
    const inputs = keys.map((key, axis) => {
      const input = el("input", { type: "number", min: "0", max: String(size[axis] - 1), value: String(place[key]) });
      input.addEventListener("change", () => {
        const value = Math.min(Math.max(Math.round(Number(input.value)), 0), size[axis] - 1);
        place = { ...place, [key]: value };
        input.value = String(value);
        void ask(place, picture);
      });
      return field(key, input);
    });
    fields.replaceChildren(...inputs);
    await ask(place, picture);
    root.scrollIntoView({ block: "nearest" });
  }

  /** @param {Place} place @param {import("./canvas.js").Picture} picture */
  async function ask({ model, layer, channel, row, column }, picture) {
    const own = ++asked;
    const query = `model=${part(model)}&layer=${layer}&channel=${channel}&row=${row}&column=${column}`;
    try {
      const cell = await post(`/v1/inside/cell?${query}`, picture.blob);
      if (own !== asked) return;
      failure.say();
      sums.replaceChildren(arithmetic(cell));
    } catch (error) {
      if (own !== asked) return;
      sums.replaceChildren();
      failure.say(error);
    }
  }

  return {
    root,
    open,
    close: () => {
      root.hidden = true;
      root.remove();
    },
  };
}

/** @param {number[][]} a @param {number[][]} b */
const product = (a, b) => a.map((row, y) => row.map((value, x) => value * b[y][x]));
/** @param {number[][]} matrix */
const total = (matrix) => matrix.flat().reduce((sum, value) => sum + value, 0);

/** @param {Cell} cell */
function arithmetic({ patch, kernel, bias, value }) {
  const parts = patch.map((one, channel) => total(product(one, kernel[channel])));
  // The input channel that counts most is shown first.
  const strongest = parts.reduce((best, one, at) => (Math.abs(one) > Math.abs(parts[best]) ? at : best), 0);
  const matrices = el("div", { className: "matrices" });
  const show = (/** @type {number} */ channel) =>
    matrices.replaceChildren(
      matrix("patch", patch[channel]),
      el("span", { className: "sign", textContent: "×" }),
      matrix("kernel", kernel[channel]),
      el("span", { className: "sign", textContent: "=" }),
      matrix("products", product(patch[channel], kernel[channel])),
      el("span", { className: "sign", textContent: `Σ ${measured(parts[channel])}` }),
    );
  show(strongest);
  const options = parts.map((one, at) => ({ value: String(at), text: `${number(at)}: Σ ${measured(one)}` }));
  const select = choice(options, String(strongest), (at) => show(Number(at)));
  return el(
    "div",
    {},
    patch.length > 1 && field("inputChannel", select),
    matrices,
    el("p", {
      className: "equation",
      textContent: say("equation", number(patch.length), measured(value - bias), measured(bias), measured(value)),
    }),
    el("p", { className: "quiet", words: "cellHelp" }),
  );
}

/** @param {import("./words.js").Word} title @param {number[][]} values */
function matrix(title, values) {
  const most = Math.max(...values.flat().map(Math.abs)) || 1;
  return el(
    "table",
    { className: "matrix" },
    el("caption", { words: title }),
    ...values.map((row) =>
      el(
        "tr",
        {},
        ...row.map((value) => {
          const cell = el("td", { textContent: number(value, 2) });
          const strength = Math.round((Math.abs(value) / most) * 45);
          const colour = value < 0 ? "var(--minus)" : "var(--accent)";
          cell.style.background = `color-mix(in srgb, ${colour} ${strength}%, transparent)`;
          return cell;
        }),
      ),
    ),
  );
}
