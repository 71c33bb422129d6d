// Opens the server's page in Chromium as a visitor does, and says what is wrong with it.
//
//     node check.js ADDRESS CHROMIUM [FOLDER [ADDRESS TOKEN]]
//
// FOLDER: where pictures of the page go; the second address is of a server that wants a token.

import fs from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { build, compare, enter, inside, train } from "./studio.js";

const [address, executablePath, folder, guarded, token] = process.argv.slice(2);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const settings = [
  { name: "desktop-light", viewport: { width: 1280, height: 900 }, colorScheme: "light", locale: "en-US" },
  { name: "desktop-dark", viewport: { width: 1280, height: 900 }, colorScheme: "dark", locale: "fr-FR" },
  { name: "phone-light", viewport: { width: 390, height: 844 }, colorScheme: "light", locale: "fr-FR" },
  { name: "phone-dark", viewport: { width: 390, height: 844 }, colorScheme: "dark", locale: "en-US" },
];
const faults = [];

function expect(holds, what) {
  if (!holds) faults.push(what);
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** A page that notes errors and requests to other servers. */
async function open(options) {
  const page = await (await browser.newContext(options)).newPage();
  // Trainings of others may run beside it.
  page.setDefaultTimeout(60_000);
  // 503: a large data set takes longer than one request may; the page asks again.
  page.on("console", (message) => expect(/ 503 /.test(message.text()), `console: ${message.text()}`));
  page.on("pageerror", (error) => expect(false, `script: ${error}`));
  page.on("request", (request) => {
    expect(/^(data|blob):/.test(request.url()) || request.url().startsWith(address), `asks ${request.url()}`);
  });
  await page.goto(address);
  await page.waitForSelector("article", { state: "attached" });
  return page;
}

/** Waits until every model has this answer. */
async function answers(page, expected) {
  const all = (text) => {
    const found = [...document.querySelectorAll("#answers .verdict")];
    return found.length > 1 && found.every((one) => one.textContent === text);
  };
  const agreed = page.waitForFunction(all, expected, { timeout: 60_000 });
  await agreed.catch(async () => {
    const found = await page.locator("#answers .verdict").allTextContents();
    expect(false, `answers ${found} instead of ${expected}`);
  });
}

async function draw(page) {
  const paper = page.locator("#paper");
  await paper.waitFor();
  const box = await paper.boundingBox();
  const [first, ...rest] = [
    [0.28, 0.22],
    [0.72, 0.22],
    [0.45, 0.82],
  ].map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const place of rest) await page.mouse.move(...place, { steps: 10 });
  await page.mouse.up();
}

const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
await draw(page);
await answers(page, "7");
// What is on the paper is copied, the paper cleared, and the copy pasted.
await page.evaluate(async () => {
  const paper = document.querySelector("#paper");
  const blob = await new Promise((resolve) => paper.toBlob(resolve));
  const data = new DataTransfer();
  data.items.add(new File([blob], "seven.png", { type: "image/png" }));
  document.querySelector("#clear").click();
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
});
await answers(page, "7");
await page.click("#clear");
await answers(page, "–");
await page.click("#undo");
await answers(page, "7");
await page.fill("#label", "7");
await page.click("#correct button");
await page.waitForFunction(() => /7\/\d+\.png/.test(document.querySelector("#kept").textContent));
await page.click("#language");
expect((await page.locator("html").getAttribute("lang")) === "fr", "the language does not change");
await page.reload();
expect((await page.locator("html").getAttribute("lang")) === "fr", "the language is forgotten");
await page.focus("#paper");
for (let step = 0; step < 8; step += 1) await page.keyboard.press("Shift+ArrowDown");
await page.waitForFunction(() => document.querySelector(".verdict").textContent !== "–");

await page.click("#language");
for (const use of [build, train, compare, inside]) {
  await page.click('#views a[href="#draw"]');
  await draw(page);
  await use(page, expect, () => open({})).catch((error) => expect(false, error.stack));
}

for (const { name, ...options } of settings) {
  // axe needs to put its script into the page.
  const page = await open({ ...options, bypassCSP: true });
  await draw(page);
  await answers(page, "7");
  await page.evaluate(axe);
  for (const view of ["draw", "build", "train", "compare", "inside", "data"]) {
    await page.click(`#views a[href="#${view}"]`);
    await page.waitForTimeout(view === "draw" ? 0 : 1500);
    if (view === "compare") await page.check("#view-compare tbody input >> nth=0");
    const { violations } = await page.evaluate("axe.run()");
    for (const { id, nodes } of violations)
      expect(false, `${view}, ${name}: ${id}: ${nodes.map((node) => node.target).join(" ")}`);
    const overflow = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    expect(!overflow, `${view}, ${name}: wider than the screen`);
    if (folder) await page.screenshot({ path: `${folder}/${view}-${name}.png`, fullPage: true });
  }
  await page.goBack();
  expect(await page.isVisible("#view-inside"), `${name}: the browser's back does not go back`);
  await page.click('#views a[href="#draw"]');
  await answers(page, "7");
  await page.context().close();
}

if (guarded) {
  const closed = await (await browser.newContext()).newPage();
  await closed.goto(guarded);
  await enter(closed, token).catch((error) => expect(false, error.stack));
}

const docs = await open({ bypassCSP: true });
await docs.goto(`${address}/docs`);
await docs.evaluate(axe);
for (const { id } of (await docs.evaluate("axe.run()")).violations) expect(false, `docs: ${id}`);
if (folder) await docs.screenshot({ path: `${folder}/docs.png`, fullPage: true });

await browser.close();
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? "the page is as it should be" : `${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
