// Uses the page's views as a visitor does: builds, trains, compares, looks inside, and looks at data.

const SLOW = { timeout: 120_000 };

/** Builds an impossible layer and reads why; both ways between blocks and text; saves and shares.
 * @param {import("playwright-core").Page} page
 * @param {(holds: boolean, what: string) => void} expect
 * @param {() => Promise<import("playwright-core").Page>} another
 */
export async function build(page, expect, another) {
  const text = () => page.inputValue("#toml");
  await page.goto(page.url().replace(/#.*|$/, "#build"));
  await page.waitForSelector(".block .shape");
  const blocks = await page.locator(".blocks > li").count();
  await page.click(".block >> nth=0 >> summary");
  await page.fill("#layer-0-kernel", "50");
  await page.press("#layer-0-kernel", "Enter");
  const reason = page.locator(".block.bad .error");
  await reason.waitFor();
  expect(/28/.test((await reason.textContent()) ?? ""), "the reason of an impossible layer says nothing of its input");
  expect(/kernel = 50/.test(await text()), "the form does not change the text");
  expect(/^# A CNN/.test(await text()), "the form drops comments");
  await page.fill("#layer-0-kernel", "5");
  await page.press("#layer-0-kernel", "Enter");
  await page.waitForFunction(() => !document.querySelector(".block.bad"));

  await page.fill("#toml", (await text()).replace(/epochs = \d+/, "epochs = 3"));
  await page.waitForFunction(() => document.querySelector("#hyper-training-epochs")?.value === "3");
  await page.fill("#hyper-training-epochs", "1");
  await page.press("#hyper-training-epochs", "Enter");
  await page.waitForFunction(() => /epochs = 1\b/.test(document.querySelector("#toml").value));

  // The second layer goes below the third by its button, and back with the mouse.
  const name = (place) => page.locator(".blocks > li").nth(place).locator("summary strong").textContent();
  const before = [await name(1), await name(2)];
  await page.locator(".blocks > li").nth(1).locator(".moves button").nth(1).click();
  const swapped = ([first]) => document.querySelectorAll(".blocks > li summary strong")[2]?.textContent === first;
  await page.waitForFunction(swapped, before);
  const grip = await page.locator(".blocks > li").nth(2).locator(".grip").boundingBox();
  const above = await page.locator(".blocks > li").nth(1).boundingBox();
  await page.mouse.move(grip.x + 5, grip.y + 15);
  await page.mouse.down();
  await page.mouse.move(grip.x + 5, above.y + 4, { steps: 12 });
  await page.mouse.up();
  const back = ([first]) => document.querySelectorAll(".blocks > li summary strong")[1]?.textContent === first;
  await page.waitForFunction(back, before);
  await page.locator(".block-list > select").last().selectOption("dropout");
  await page.waitForFunction((count) => document.querySelectorAll(".blocks > li").length === count + 1, blocks);
  await page.locator(".blocks > li").last().locator(".moves button").nth(2).click();
  await page.waitForFunction((count) => document.querySelectorAll(".blocks > li").length === count, blocks);

  await page.fill("#toml", "[model");
  const wrong = page.locator("#problems .error");
  await wrong.waitFor();
  expect(/1/.test((await wrong.textContent()) ?? ""), "the problem does not say its line");
  await page.click(".picker summary");
  await page.locator(".choices button", { hasText: "fast-cnn" }).first().click();
  await page.waitForSelector(".block .shape");
  await page.fill("#recipe-name", "mine");
  await page.click("#save");
  await page.waitForFunction(() => /mine/.test(document.querySelector("#saved").textContent));
  await page.click("#share");
  await page.waitForFunction(() => location.hash.startsWith("#build="));
  const shared = await another();
  await shared.goto(page.url());
  await shared.waitForSelector(".block .shape");
  expect((await shared.inputValue("#toml")) === (await text()), "the link carries another recipe");
  await shared.context().close();
}

const points = () => document.querySelector(".curves polyline")?.getAttribute("points")?.split(" ").length ?? 0;

/** Trains for an epoch and watches; reloads in the middle; stops another training.
 * @param {import("playwright-core").Page} page
 * @param {(holds: boolean, what: string) => void} expect
 */
export async function train(page, expect) {
  await page.goto(page.url().replace(/#.*|$/, "#train"));
  await start(page, "1");
  await page.waitForSelector(".curves polyline", SLOW);
  const seen = await page.evaluate(points);
  await page.waitForFunction((count) => {
    const line = document.querySelector(".curves polyline");
    return line.getAttribute("points").split(" ").length > count;
  }, seen);
  await page.reload();
  await page.waitForSelector(".run .badge");
  const state = await page.locator(".run .badge").getAttribute("class");
  expect(/training|finished/.test(state), `after a reload the training is ${state}`);
  await page.click("#language");
  await page.waitForFunction(() => /en cours|terminée/.test(document.querySelector(".run .badge").textContent));
  await page.click("#language");
  await page.waitForSelector(".run .badge.finished", SLOW);
  await page.waitForSelector(".run .strip img", SLOW);
  await page.waitForSelector(".run .mistakes button", SLOW);

  await start(page, "2");
  await page.waitForSelector(".run .badge.training", SLOW);
  await page.waitForSelector(".curves polyline", SLOW);
  await page.click(".head .tools button");
  await page.waitForSelector(".run .badge.stopped", SLOW);
}

/** @param {import("playwright-core").Page} page @param {string} epochs */
async function start(page, epochs) {
  await page.waitForSelector("#train-recipe option[value=fast-cnn]", { state: "attached" });
  await page.selectOption("#train-recipe", "fast-cnn");
  await page.fill("#start input >> nth=0", epochs);
  await page.click("#start .main");
  await page.waitForFunction(() => /^#train\/.+/.test(location.hash));
}

/** Overlays two runs, filters, sorts, tags, deletes and brings back.
 * @param {import("playwright-core").Page} page
 * @param {(holds: boolean, what: string) => void} expect
 */
export async function compare(page, expect) {
  await page.goto(page.url().replace(/#.*|$/, "#compare"));
  const rows = page.locator("#view-compare tbody tr");
  await rows.nth(1).waitFor();
  const count = await rows.count();
  await rows.nth(0).locator("input[type=checkbox]").check();
  await rows.nth(1).locator("input[type=checkbox]").check();
  await page.waitForFunction(() => document.querySelectorAll("#charts .legend li").length > 1);
  const address = await page.locator("#charts a.main").getAttribute("href");
  const report = await page.request.get(new URL(address, page.url()).href);
  expect(report.ok() && /<html/i.test(await report.text()), `the report answers ${report.status()}`);

  const tags = rows.nth(0).locator("input.tags");
  await tags.fill("lesson one, wide");
  await tags.press("Tab");
  await page.fill("#view-compare input[type=search]", "lesson");
  await page.waitForFunction(() => document.querySelectorAll("#view-compare tbody tr").length === 1);
  await page.fill("#view-compare input[type=search]", "");
  await page.locator("#view-compare thead button").nth(4).click();
  await page.waitForSelector("#view-compare th[aria-sort=descending]");

  await rows.nth(1).locator(".actions button").last().click();
  await page.waitForSelector(".undo:not([hidden]) button");
  await page.waitForFunction((n) => document.querySelectorAll("#view-compare tbody tr").length === n - 1, count);
  await page.click(".undo button");
  await page.waitForFunction((n) => document.querySelectorAll("#view-compare tbody tr").length === n, count);
}

/** The maps of layers, a value's sum, a detector's stages, and a data set. Something is drawn.
 * @param {import("playwright-core").Page} page
 * @param {(holds: boolean, what: string) => void} expect
 */
export async function inside(page, expect) {
  await page.goto(page.url().replace(/#.*|$/, "#inside"));
  await page.waitForSelector(".maps .strip button img");
  await page
    .locator(".maps .strip button")
    .nth(2)
    .click({ position: { x: 30, y: 30 } });
  const sum = page.locator(".equation");
  await sum.waitFor();
  expect(/\d.*=/.test((await sum.textContent()) ?? ""), "a value has no sum");
  await page.selectOption("#inside-model", "digits-detector");
  await page.waitForSelector(".steps svg rect");
  await page.focus(".steps input");
  for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => /^1\./.test(document.querySelector(".steps input").ariaValueText));

  await page.goto(page.url().replace(/#.*|$/, "#data"));
  await page.waitForFunction(() => document.querySelectorAll("#view-data tbody tr").length === 10, null, SLOW);
  await page.waitForSelector("#view-data .strip img");
  await page.locator("#view-data .strip button").first().click();
  await page.waitForFunction(() => location.hash === "#draw");
}
