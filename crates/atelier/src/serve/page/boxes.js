// Boxes over a picture.

import { svg } from "./dom.js";
import { percent } from "./words.js";

/** Most boxes that are drawn. */
const BOXES = 300;

/** A picture with boxes over it; the surer, the stronger the line.
 * @param {{ box: number[], score: number, class?: string | null }[]} found
 * @param {{ url: string, size: number[] }} picture
 */
export function boxes(found, { url, size: [width, height] }) {
  const line = Math.max(width, height) / 100;
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": found
        .slice(0, 10)
        .map((one) => one.class ?? "")
        .join(" "),
    },
    svg("image", { href: url, width, height }),
    ...found.slice(0, BOXES).map(({ box, score, class: name }) => {
      const [x1, y1, x2, y2] = box;
      const title = svg("title", {});
      title.textContent = `${name ?? ""} ${percent(score)}`;
      return svg(
        "rect",
        {
          x: x1,
          y: y1,
          width: Math.max(0, x2 - x1),
          height: Math.max(0, y2 - y1),
          class: "box",
          "stroke-opacity": Math.min(1, Math.max(0.15, score)),
          "stroke-width": found.length > 50 ? line / 3 : line,
        },
        title,
      );
    }),
  );
}
