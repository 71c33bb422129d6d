// What the models answer: one request a model is under way, and the newest picture comes next.

import { get, part, post } from "./api.js";
import { boxes } from "./boxes.js";
import { bar, el, term } from "./dom.js";
import { number, percent, say } from "./words.js";

/** @typedef {import("./api.js").Model} Model */
/** @typedef {import("./api.js").Prediction} Prediction */
/** @typedef {import("./canvas.js").Picture} Picture */

/** Most classes that get a bar. */
const BARS = 10;

export class Card {
  /**
   * @param {Model} model
   * @param {(error: unknown) => void} report
   */
  constructor(model, report) {
    this.model = model;
    this.report = report;
    this.withGradCam = false;
    this.busy = false;
    /** Whether there is no picture, so that an answer that is still to come is for one that is gone. */
    this.isEmpty = true;
    this.named = false;
    /** @type {Picture | null} */
    this.next = null;
    /** @type {{ prediction: Prediction, ms: number, picture: Picture, gradCam: string | null } | null} */
    this.shown = null;
    this.root = el("article");
    this.show();
  }

  /** Asks for a picture as soon as the last answer is there; of pictures that come meanwhile only the newest counts.
   * @param {Picture | null} picture
   */
  ask(picture) {
    this.next = picture;
    this.isEmpty = !picture;
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
      const picture = this.next;
      this.next = null;
      const begin = performance.now();
      const name = part(this.model.name);
      try {
        const answer = await post(`/v1/predict?show=input&model=${name}`, picture.blob);
        const ms = performance.now() - begin;
        const prediction = answer.predictions[0];
        const gradCam = this.shown?.gradCam ?? null;
        this.shown = { prediction, ms, picture, gradCam };
        if (this.withGradCam && this.model.kind === "classifier") {
          this.show();
          const inside = await post(`/v1/inside?model=${name}`, picture.blob);
          this.shown = { prediction, ms, picture, gradCam: inside.grad_cam };
        } else {
          this.shown.gradCam = null;
        }
        await this.nameClasses();
        this.report(null);
      } catch (error) {
        this.report(error);
      }
      if (this.isEmpty) this.shown = null;
      this.show();
    }
    this.busy = false;
  }

  /** A run is loaded by its first question; only then its classes are known. */
  async nameClasses() {
    if (this.model.classes.length > 0 || this.named) return;
    this.named = true;
    const { models } = await get("/v1/models");
    this.model = models.find((/** @type {Model} */ one) => one.name === this.model.name) ?? this.model;
  }

  show() {
    const { model, shown } = this;
    const head = el("h3", { textContent: model.name });
    if (!shown) {
      this.root.replaceChildren(
        head,
        el("p", { className: "quiet", words: model.kind }),
        el("p", { className: "verdict", words: "nothing" }),
      );
      return;
    }
    const { prediction, ms, picture, gradCam } = shown;
    const time = term("time", "timeHint");
    delete time.dataset.words;
    time.textContent = say("time", number(ms, ms < 10 ? 1 : 0));
    const pictures = [
      prediction.input && figure(pixels(prediction.input), say("seen")),
      gradCam && figure(overlay(prediction.input ?? "", gradCam), say("gradCam")),
      model.kind === "detector" &&
        figure(boxes(prediction.detections, picture), say("found", prediction.detections.length)),
    ];
    this.root.replaceChildren(
      head,
      el("p", { className: "quiet" }, say(model.kind), " · ", time),
      el("p", {
        className: "verdict",
        textContent: prediction.class ?? say("blank"),
      }),
      bars(model.classes, prediction.probabilities),
      el("div", { className: "seen" }, ...pictures),
    );
  }
}

/** A bar for each class, or for the likeliest.
 * @param {string[]} classes
 * @param {number[]} probabilities
 */
export function bars(classes, probabilities) {
  let rows = probabilities.map((value, place) => ({
    name: classes[place] ?? String(place),
    value,
  }));
  if (rows.length > BARS) rows = rows.sort((a, b) => b.value - a.value).slice(0, BARS);
  return el(
    "dl",
    { className: "bars", title: say("barsHint") },
    ...rows.flatMap(({ name, value }) => [
      el("dt", { textContent: name }),
      el("dd", {}, bar(value, name)),
      el("dd", { textContent: percent(value) }),
    ]),
  );
}

/** A picture with heat over it.
 * @param {string} url
 * @param {string} heat
 */
export const overlay = (url, heat) => el("span", { className: "overlay" }, pixels(url), pixels(heat));

/** A small picture whose pixels can be seen.
 * @param {string} url
 */
export const pixels = (url) => el("img", { src: url, alt: "" });

/**
 * @param {Element} content
 * @param {string} words
 */
export const figure = (content, words) => el("figure", {}, content, el("figcaption", { textContent: words }));
