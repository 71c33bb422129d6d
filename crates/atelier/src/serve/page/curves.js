// Curves over the epochs, as a drawing that answers to the pointer and to the arrow keys.

import { el, svg, term } from "./dom.js";
import { number, say } from "./words.js";

/** @typedef {{ name: string, colour: number, dashed?: boolean, points: [number, number][], trail?: boolean }} Series */
/** @typedef {import("./words.js").Word} Word */

const HEIGHT = 230;
/** Room for the numbers at the left and below. */
const LEFT = 56;
const BELOW = 26;
/** Colours in the style sheet. */
export const COLOURS = 8;

/** Round numbers from at most `low` to at least `high`.
 * @param {number} low
 * @param {number} high
 * @param {number} count about how many
 */
export function ticks(low, high, count) {
  const rough = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

export class Plot {
  /**
   * @param {Word} title
   * @param {Word} hint what the values mean
   * @param {(value: number) => string} write how a value is written
   * @param {boolean} fromZero whether the axis begins at 0
   */
  constructor(title, hint, write, fromZero) {
    this.write = write;
    this.fromZero = fromZero;
    this.title = title;
    /** @type {Series[]} */
    this.series = [];
    this.epochs = 1;
    /** @type {number | null} The epoch under the pointer. */
    this.at = null;
    this.area = el("div", { className: "plot", tabIndex: 0, role: "img" });
    this.legend = el("ul", { className: "legend" });
    this.readout = el("output", { className: "quiet" });
    this.root = el(
      "figure",
      { className: "card curves" },
      el("figcaption", {}, term(title, hint)),
      this.area,
      this.legend,
      this.readout,
    );
    new ResizeObserver(() => this.render()).observe(this.area);
    this.area.addEventListener("pointermove", (event) => {
      const box = this.area.getBoundingClientRect();
      const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - 8);
      this.point(Math.round(share * this.epochs));
    });
    this.area.addEventListener("pointerleave", () => this.point(null));
    this.area.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.point((this.at ?? (step > 0 ? 0 : this.epochs + 1)) + step);
    });
  }

  /** @param {Series[]} series @param {number} epochs how many there will be */
  draw(series, epochs) {
    this.series = series.filter(({ points }) => points.length > 0);
    const seen = this.series.flatMap(({ points }) => points.map(([epoch]) => epoch));
    this.epochs = Math.max(1, epochs, ...seen);
    this.render();
  }

  /** @param {number | null} epoch */
  point(epoch) {
    this.at = epoch === null ? null : Math.min(Math.max(epoch, 1), this.epochs);
    this.render();
  }

  /** @param {number} epoch */
  values(epoch) {
    return this.series.flatMap(({ name, points, trail }) => {
      const found = !trail && points.find(([at]) => at === epoch);
      return found ? [`${name} ${this.write(found[1])}`] : [];
    });
  }

  render() {
    const width = this.area.clientWidth;
    if (width === 0) return;
    const all = this.series.flatMap(({ points }) => points.map(([, value]) => value));
    const low = this.fromZero ? 0 : Math.min(...all);
    const marks = all.length > 0 ? ticks(low, Math.max(...all), 4) : [0, 1];
    const [bottom, top] = [marks[0], marks[marks.length - 1]];
    const right = width - 8;
    const x = (/** @type {number} */ epoch) => LEFT + (epoch / this.epochs) * (right - LEFT);
    const y = (/** @type {number} */ value) =>
      HEIGHT - BELOW - ((value - bottom) / (top - bottom)) * (HEIGHT - BELOW - 10);
    const text = (/** @type {string} */ words, /** @type {Record<string, any>} */ place) => {
      const made = svg("text", place);
      made.textContent = words;
      return made;
    };
    const epochs = ticks(0, this.epochs, Math.min(this.epochs, width / 90)).filter(
      (epoch) => epoch <= this.epochs && Number.isInteger(epoch),
    );
    this.area.replaceChildren(
      svg(
        "svg",
        { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" },
        ...marks.flatMap((mark) => [
          svg("line", { x1: LEFT, x2: right, y1: y(mark), y2: y(mark), class: "grid" }),
          text(this.write(mark), { x: LEFT - 8, y: y(mark) + 4, "text-anchor": "end" }),
        ]),
        ...epochs.map((epoch) => text(number(epoch), { x: x(epoch), y: HEIGHT - 6, "text-anchor": "middle" })),
        this.at !== null && svg("line", { x1: x(this.at), x2: x(this.at), y1: 6, y2: HEIGHT - BELOW, class: "cursor" }),
        ...this.series.flatMap((one) => curve(one, x, y)),
      ),
    );
    const last = Math.max(
      0,
      ...this.series.flatMap(({ points, trail }) => (trail ? [] : points.map(([epoch]) => epoch))),
    );
    const shown = this.at ?? last;
    const values = this.values(shown).join(", ");
    this.area.ariaLabel = `${say(this.title)}. ${say("epochAt", last)}: ${this.values(last).join(", ")}`;
    this.readout.textContent = last === 0 ? say("noEpoch") : `${say("epochAt", shown)}: ${values || say("none")}`;
    this.legend.replaceChildren(
      ...this.series.map(({ name, colour, dashed, trail }) =>
        el(
          "li",
          {},
          svg(
            "svg",
            { width: 22, height: 8, "aria-hidden": "true" },
            svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, class: line({ colour, dashed, trail }) }),
          ),
          name,
        ),
      ),
    );
  }
}

/** @param {Pick<Series, "colour" | "dashed" | "trail">} series */
const line = ({ colour, dashed, trail }) =>
  `curve c${colour % COLOURS}${dashed ? " dashed" : ""}${trail ? " trail" : ""}`;

/** @param {Series} series @param {(epoch: number) => number} x @param {(value: number) => number} y */
function curve(series, x, y) {
  const { points, colour } = series;
  const places = points.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`);
  const [epoch, value] = points[points.length - 1];
  return [
    svg("polyline", { points: places.join(" "), class: line(series) }),
    svg("circle", { cx: x(epoch), cy: y(value), r: 3.5, class: `dot c${colour % COLOURS}` }),
  ];
}
