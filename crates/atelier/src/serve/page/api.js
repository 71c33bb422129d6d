// Requests to the server: the shapes of its answers, its errors, and the token.

import { say } from "./words.js";

/** @typedef {import("api").components["schemas"]["ModelAnswer"]} Model */
/** @typedef {import("api").components["schemas"]["ImageAnswer"]} Prediction */
/** @typedef {import("api").components["schemas"]["ObjectAnswer"]} Found */

/** @typedef {"queued" | "training" | "stopped" | "finished" | "imported" | "damaged"} State */
/** @typedef {{ name: string, recipe: string, kind: "cnn" | "faster-rcnn" | null, state: State, epoch: number,
 *   epochs: number, accuracy: number | null, f1: number | null, loss: number | null, map: number | null,
 *   train_s: number | null, date: string | null, seed: number | null, tags: string[], command: string }} Run */
/** @typedef {{ epoch: number, train_loss: number, train_accuracy?: number | null, validation_loss?: number | null,
 *   validation_accuracy?: number | null, validation_ap?: number | null, learning_rate: number, seconds: number,
 *   images_per_s: number }} Epoch */
/** @typedef {{ run: Run, toml: string, history: Epoch[], evaluation: any, error: string | null }} RunDetail */
/** @typedef {{ running: string | null, waiting: { id: string, name: string }[] }} Queue */
/** @typedef {{ run: string, epoch: number, epochs: number, step: number, steps: number,
 *   images_per_s: number | null, left_s: number | null, loss: number | null }} Progress */
/** @typedef {{ name: string, about: string, toml: string, saved: boolean }} Recipe */
/** @typedef {{ name: string, part: string, output: number[], parameters: number, multiply_adds: number,
 *   receptive_field: number[] | null, memory_bytes: number, block?: number | null }} LayerRow */
/** @typedef {{ message: string, help: string | null, line: number, column: number, layer: number | null }} Problem */
/** @typedef {string | { [key: string]: any }} Block */
/** @typedef {{ ok: boolean, kind?: string, layers?: LayerRow[], parameters?: number, multiply_adds?: number,
 *   memory_bytes?: number, blocks?: Block[] | null, hyper?: { [key: string]: any }, command?: string,
 *   problems?: Problem[] }} Check */
/** @typedef {{ index: number, label: string, predicted: string, score: number, image: string }} Mistake */
/** @typedef {import("api").components["schemas"]["InsideAnswer"]} Insight */
/** @typedef {import("api").components["schemas"]["LayerAnswer"]} LayerMaps */
/** @typedef {import("api").components["schemas"]["StagesAnswer"]} Stages */
/** @typedef {import("api").components["schemas"]["CellAnswer"]} Cell */
/** @typedef {{ source: string, classes: { name: string, train: number, test: number }[],
 *   images: { image: string, label: string }[], findings: { title: string, count: number, text: string }[] }} DataSet */

/** What the server refused, or that it does not answer. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {string} hint
   * @param {number} status 0 where there was no answer
   * @param {any} [body]
   */
  constructor(message, hint, status, body) {
    super(message);
    this.hint = hint;
    this.status = status;
    this.body = body;
  }
}

let token = sessionStorage.getItem("token");
/** @type {Promise<void> | null} While the visitor is asked for the token. */
let asking = null;
/** @type {(wrong: boolean) => Promise<string>} */
let askForToken = () => new Promise(() => {});

/** Says who asks the visitor for the token.
 * @param {(wrong: boolean) => Promise<string>} ask
 */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

export const hasToken = () => token !== null;

/** @param {string | null} used the token that was refused */
function renewToken(used) {
  if (token !== used) return Promise.resolve();
  asking ??= askForToken(used !== null).then((given) => {
    token = given;
    sessionStorage.setItem("token", given);
    asking = null;
  });
  return asking;
}

/** The response to a request with the token, where there is one; asks for it where it is missing.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function send(path, options = {}) {
  const used = token;
  const headers = new Headers(options.headers);
  if (used) headers.set("Authorization", `Bearer ${used}`);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Failure(say("offline"), say("offlineHint"), 0);
  }
  if (response.status === 401) {
    await renewToken(used);
    return send(path, options);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const { message, hint } = body?.error ?? {};
  throw new Failure(message ?? `${response.status} ${response.statusText}`, hint ?? "", response.status, body);
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
async function answer(path, options) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json().catch(() => null);
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => answer(path, { signal });

/** @param {string} path */
export const remove = (path) => answer(path, { method: "DELETE" });

/** Sends JSON, or a text or picture as it is.
 * @param {string} path
 * @param {unknown} [body]
 * @param {"POST" | "PUT"} [method]
 * @param {AbortSignal} [signal]
 */
export function post(path, body, method = "POST", signal) {
  if (body === undefined) return answer(path, { method, signal });
  const raw = body instanceof Blob || typeof body === "string";
  const kind =
    body instanceof Blob
      ? body.type || "application/octet-stream"
      : typeof body === "string"
        ? "text/plain; charset=utf-8"
        : "application/json";
  return answer(path, {
    method,
    signal,
    headers: { "Content-Type": kind },
    body: raw ? body : JSON.stringify(body),
  });
}

/** A name as part of an address.
 * @param {string} name
 */
export const part = (name) => encodeURIComponent(name);

/** The path of a run.
 * @param {string} name
 */
export const runPath = (name) => `/v1/runs/${part(name)}`;
