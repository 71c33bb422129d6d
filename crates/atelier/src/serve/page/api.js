// Requests to the server: the shapes of its answers, its errors, and the token.

import { say } from "./words.js";

/** @typedef {import("api").components["schemas"]} Schemas */
/** @typedef {Schemas["ModelAnswer"]} Model */
/** @typedef {Schemas["ImageAnswer"]} Prediction */
/** @typedef {Schemas["RunAnswer"]} Run */
/** @typedef {Schemas["RunDetail"]} RunDetail */
/** @typedef {Schemas["EpochAnswer"]} Epoch */
/** @typedef {Schemas["QueueAnswer"]} Queue */
/** @typedef {Schemas["ProgressReport"]} Progress */
/** @typedef {Schemas["InsideAnswer"]} Insight */
/** @typedef {Schemas["MapsAnswer"]} LayerMaps */
/** @typedef {Schemas["StagesAnswer"]} Stages */
/** @typedef {Schemas["CellAnswer"]} Cell */
/** @typedef {Schemas["Problem"]} Problem */

/** @typedef {Schemas["RecipeAnswer"]} Recipe */
/** @typedef {Schemas["LayerAnswer"]} LayerRow */
/** @typedef {{ ok: boolean } & Partial<Omit<Schemas["GoodRecipe"], "ok">> & Partial<Omit<Schemas["BadRecipe"], "ok">>} Check */
/** @typedef {Schemas["Mistakes"]} Mistakes */
/** @typedef {Schemas["DataAnswer"]} DataSet */
/** A layer as it is written.
 * @typedef {string | { [key: string]: any }} Block
 */

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
