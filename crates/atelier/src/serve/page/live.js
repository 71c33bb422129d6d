// What happens under the runs' folder, as the server tells it: runs, epochs, the queue and progress.

import { Failure, get, runPath, send } from "./api.js";

/** @typedef {import("./api.js").Run} Run */
/** @typedef {import("./api.js").RunDetail} RunDetail */

/** First wait before the next attempt in milliseconds; it doubles up to the longest. */
const WAIT = 1000;
const LONGEST_WAIT = 15_000;
/** Most points of a loss within the epochs. */
const TRAIL = 400;

/** @typedef {"runs" | "epoch" | "queue" | "progress" | "connection"} News */

export const live = {
  /** @type {Map<string, Run>} In the order of the server: newest first. */
  runs: new Map(),
  /** @type {import("./api.js").Queue} */
  queue: { running: null, waiting: [] },
  /** @type {Map<string, import("./api.js").Progress>} */
  progress: new Map(),
  /** @type {Map<string, RunDetail>} Those that a view asked for. */
  details: new Map(),
  /** The loss within the epochs, while somebody listens. @type {Map<string, [number, number][]>} */
  trail: new Map(),
  /** What trainings wrote before they failed. @type {Map<string, string>} */
  failures: new Map(),
  connected: false,
};

/** @type {Set<(news: News, run: string | null) => void>} */
const watchers = new Set();

/** Calls the watcher after every change.
 * @param {(news: News, run: string | null) => void} watcher `run`: whose epoch ended or progress is told
 */
export function watch(watcher) {
  watchers.add(watcher);
}

/** @param {News} news @param {string | null} [run] */
function tell(news, run = null) {
  for (const watcher of watchers) watcher(news, run);
}

/** What is known of a run; it is kept up to date from then on.
 * @param {string} name
 * @param {boolean} [anew]
 * @returns {Promise<RunDetail>}
 */
export async function detail(name, anew = false) {
  const known = live.details.get(name);
  if (known && !anew) return known;
  /** @type {RunDetail} */
  const fetched = await get(runPath(name));
  live.details.set(name, fetched);
  return fetched;
}

/** How many epochs are over, with the part of the one that runs.
 * @param {import("./api.js").Progress} news
 */
export const epochsDone = ({ epoch, step, steps }) => epoch - 1 + step / Math.max(1, steps);

/** @param {import("./api.js").Progress} news */
function follow(news) {
  const points = live.trail.get(news.run) ?? [];
  live.trail.set(news.run, points);
  if (typeof news.loss === "number") points.push([epochsDone(news), news.loss]);
  if (points.length > TRAIL) points.splice(0, points.length - TRAIL);
}

/** @param {string} event @param {any} data */
function receive(event, data) {
  if (event === "runs") {
    const list = /** @type {Run[]} */ (data.runs ?? data);
    live.runs = new Map(list.map((run) => [run.name, run]));
    // What happened while nobody listened is unknown.
    live.details.clear();
    tell("runs");
  } else if (event === "run") {
    const run = /** @type {Run} */ (data);
    const before = live.runs.get(run.name);
    if (before) live.runs.set(run.name, run);
    else live.runs = new Map([[run.name, run], ...live.runs]);
    const known = live.details.get(run.name);
    if (known) known.run = run;
    if (before?.state !== run.state) {
      live.details.delete(run.name);
      if (run.state !== "training") {
        live.progress.delete(run.name);
      }
    }
    tell("runs");
  } else if (event === "epoch") {
    const history = live.details.get(data.run)?.history;
    if (history) {
      const same = history.findIndex(({ epoch }) => epoch >= data.record.epoch);
      if (same >= 0) history.splice(same);
      history.push(data.record);
    }
    tell("epoch", data.run);
  } else if (event === "failed") {
    // What it wrote before it failed is in its details.
    live.details.delete(data.run);
    live.failures.set(data.run, data.error);
    tell("runs");
  } else if (event === "queue") {
    live.queue = data;
    tell("queue");
  } else if (event === "progress") {
    live.progress.set(data.run, data);
    follow(data);
    tell("progress", data.run);
  }
}

/** Reads a stream of events until it ends. (The browser's own reader can't send the token.)
 * @param {ReadableStream<Uint8Array>} stream
 */
async function read(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const text = rest + decoder.decode(value, { stream: true });
    const parts = text.replaceAll("\r\n", "\n").split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      let event = "message";
      let data = "";
      for (const line of part.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data += line.slice(5).trim();
      }
      if (data) receive(event, JSON.parse(data));
    }
  }
}

/** Listens as long as the page is open. */
export async function listen() {
  let wait = WAIT;
  for (;;) {
    try {
      const { body } = await send("/v1/events");
      live.connected = true;
      tell("connection");
      wait = WAIT;
      if (body) await read(body);
    } catch (error) {
      // An older server has no such route.
      if (error instanceof Failure && error.status === 404) return;
    }
    live.connected = false;
    tell("connection");
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}

/** Forgets a run that was deleted; the server's word may come later.
 * @param {string} name
 */
export function forget(name) {
  live.runs.delete(name);
  live.details.delete(name);
  tell("runs");
}
