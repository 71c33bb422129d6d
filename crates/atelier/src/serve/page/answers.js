// What the models answer: one request a model is under way, and the newest picture comes next.

import { number, percent, say } from "./words.js";

/** @typedef {import("api").components["schemas"]["ModelAnswer"]} Model */
/** @typedef {import("api").components["schemas"]["ObjectAnswer"]} Found */
/** @typedef {import("api").components["schemas"]["ImageAnswer"]} Prediction */

/** Most classes that get a bar. */
const BARS = 10;
/** Most boxes that are drawn. */
const BOXES = 30;
const SVG = "http://www.w3.org/2000/svg";

/** An element with text and children.
 * @param {string} name
 * @param {string} [text]
 * @param {Element[]} [children]
 */
function element(name, text, children = []) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

export class Card {
  /**
   * @param {Model} model
   * @param {(message: string | null) => void} report
   */
  constructor(model, report) {
    this.model = model;
    this.report = report;
    this.busy = false;
    /** @type {{ blob: Blob, url: string, size: number[] } | null} */
    this.next = null;
    /** @type {{ prediction: Prediction, ms: number, url: string, size: number[] } | null} */
    this.shown = null;
    this.root = document.createElement("article");
    this.show();
  }

  /** Asks for a picture as soon as the last answer is there; of pictures that come meanwhile only the newest counts.
   * @param {{ blob: Blob, url: string, size: number[] } | null} picture
   */
  ask(picture) {
    this.next = picture;
    if (!picture) {
      this.shown = null;
      this.show();
    } else if (!this.busy) {
      void this.work();
    }
  }

  async work() {
    this.busy = true;
    while (this.next) {
      const { blob, url, size } = this.next;
      this.next = null;
      const begin = performance.now();
      try {
        const response = await fetch(
          `/v1/predict?show=input&model=${encodeURIComponent(this.model.name)}`,
          {
            method: "POST",
            headers: {
              "Content-Type": blob.type || "application/octet-stream",
            },
            body: blob,
          },
        );
        const answer = await response.json();
        if (response.ok) {
          const ms = performance.now() - begin;
          this.shown = { prediction: answer.predictions[0], ms, url, size };
          this.report(null);
        } else {
          this.report(`${answer.error.message}; ${answer.error.hint}`);
        }
      } catch {
        this.report(say("offline"));
      }
      this.show();
    }
    this.busy = false;
  }

  show() {
    const { model, shown } = this;
    const head = element("h3", model.name);
    if (!shown) {
      const verdict = element("p", say("nothing"));
      verdict.className = "verdict";
      this.root.replaceChildren(head, element("p", say(model.kind)), verdict);
      return;
    }
    const { prediction, ms, url, size } = shown;
    const kind = element(
      "p",
      `${say(model.kind)} · ${say("time", number(ms, ms < 10 ? 1 : 0))}`,
    );
    kind.className = "quiet";
    const verdict = element("p", prediction.class ?? say("blank"));
    verdict.className = "verdict";
    const pictures = element("div", undefined, [
      ...(prediction.input
        ? [figure(picture(prediction.input), say("seen"))]
        : []),
      ...(model.kind === "detector"
        ? [
            figure(
              boxes(prediction.detections, url, size),
              say("found", prediction.detections.length),
            ),
          ]
        : []),
    ]);
    pictures.className = "seen";
    this.root.replaceChildren(
      head,
      kind,
      verdict,
      bars(model, prediction),
      pictures,
    );
  }
}

/**
 * @param {Model} model
 * @param {Prediction} prediction
 */
function bars(model, prediction) {
  const list = document.createElement("dl");
  list.className = "bars";
  let rows = prediction.probabilities.map((value, place) => ({
    name: model.classes[place] ?? String(place),
    value,
  }));
  if (rows.length > BARS)
    rows = rows.sort((a, b) => b.value - a.value).slice(0, BARS);
  for (const { name, value } of rows) {
    const meter = document.createElement("meter");
    meter.value = value;
    meter.setAttribute("aria-label", name);
    list.append(
      element("dt", name),
      element("dd", undefined, [meter]),
      element("dd", percent(value)),
    );
  }
  return list;
}

/** @param {string} url */
function picture(url) {
  const image = document.createElement("img");
  image.src = url;
  image.alt = "";
  return image;
}

/**
 * @param {Element} content
 * @param {string} words
 */
function figure(content, words) {
  return element("figure", undefined, [content, element("figcaption", words)]);
}

/** A picture with boxes over it.
 * @param {Found[]} found
 * @param {string} url
 * @param {number[]} size width and height of the picture
 */
function boxes(found, url, [width, height]) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", found.map((one) => one.class).join(" "));
  const image = document.createElementNS(SVG, "image");
  image.setAttribute("href", url);
  image.setAttribute("width", String(width));
  image.setAttribute("height", String(height));
  drawing.append(image);
  const line = Math.max(width, height) / 80;
  for (const { box, score, class: name } of found.slice(0, BOXES)) {
    const [x1, y1, x2, y2] = box;
    const outline = document.createElementNS(SVG, "rect");
    const places = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
    for (const [key, value] of Object.entries(places))
      outline.setAttribute(key, String(value));
    outline.setAttribute("fill", "none");
    outline.setAttribute("stroke", "#d3482b");
    outline.setAttribute("stroke-opacity", String(Math.max(0.15, score)));
    outline.setAttribute("stroke-width", String(line));
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${name} ${percent(score)}`;
    outline.append(title);
    drawing.append(outline);
  }
  return drawing;
}
