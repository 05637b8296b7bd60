// Drives the agent's page and the wallboard of a running Ringmaster in Chromium:
//
//   node e2e/pages.mjs --agent URL --wallboard URL [--shots DIR]
//
// The URLs are one-time sign-in links, as `ringmaster demo` prints them.
// CHROMIUM names the browser. It exits 1 and says what was missing; every wait
// is bounded, the whole of it by two minutes.
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: options } = parseArgs({ options: { agent: { type: "string" }, wallboard: { type: "string" }, shots: { type: "string" } } });
if (!options.agent || !options.wallboard) {
  console.error("usage: node e2e/pages.mjs --agent URL --wallboard URL [--shots DIR]");
  process.exit(2);
}
const notes = "Asked about the price; wife decides. ¿Mañana?";
const whole = setTimeout(() => fail(new Error("it took longer than two minutes")), 120_000);

let browser;
const errors = [];
try {
  browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  if (options.shots) await mkdir(options.shots, { recursive: true });
  await agent();
  await wallboard();
  check(errors.length === 0, `the pages raised no error: ${errors.join("; ")}`);
  clearTimeout(whole);
  await browser.close();
  console.log("pages: all well");
} catch (error) {
  await fail(error);
}

/** agent works through one call, with a reload and a second tab in the middle. */
async function agent() {
  const seat = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  const page = await open(seat);
  await page.goto(options.agent, { timeout: 15_000 });
  check(new URL(page.url()).pathname === "/agent", `the link leads to the agent's page, not ${page.url()}`);
  await there(page, '[data-testid="phone"][data-phone="up"]', 30_000, "the phone is up");
  await page.getByTestId("ready").click();
  await there(page, '[data-testid="stage"]:is([data-stage="talking"], [data-stage="ended"])', 60_000, "a call came");
  await there(page, '[data-testid="results"] input', 5_000, "the screen pop came with the call");

  const name = await text(page, "customer");
  const number = await text(page, "number");
  check(name !== "" && name !== "Customer" && name !== "No customer", `the customer has a name, not ${JSON.stringify(name)}`);
  check(number.replace(/\D/g, "").length >= 8, `the number is shown, not ${JSON.stringify(number)}`);
  check(/^\d\d:\d\d there/.test(await text(page, "local-time")), "the customer's local time is shown");
  const script = await text(page, "script");
  check(script.length > 40 && !/\{\{|\[ask agent/.test(script), `the script is merged: ${JSON.stringify(script)}`);
  const choices = await page.getByTestId("results").locator("input").count();
  check(choices >= 3, `there are results to choose from, not ${choices}`);
  check((await text(page, "why")) !== "", "it says why this customer was chosen");
  await page.getByTestId("notes").fill(notes);
  await shot(page, "agent-call");
  await sameCall(page, "before the reload", number);

  await page.reload({ timeout: 15_000 });
  await sameCall(page, "after the reload", number);

  // A second tab that has nothing of the first one's memory: its notes come
  // from the server's draft.
  await page.waitForTimeout(1_000);
  const second = await open(seat);
  await second.addInitScript(() => localStorage.clear());
  await second.goto(new URL("/agent", page.url()).href, { timeout: 15_000 });
  await there(page, '[data-testid="closed"][data-code="4503"]', 10_000, "the first tab says that it was taken over");
  check((await page.locator("h1").innerText()).includes("took over"), "the first tab says so in words");
  await shot(page, "agent-taken-over");
  await sameCall(second, "in the second tab", number);
  await page.getByRole("button", { name: "Work in this tab" }).click();
  await there(second, '[data-testid="closed"]', 10_000, "the second tab was taken over in turn");
  await second.close();
  await sameCall(page, "back in the first tab", number);

  await page.waitForTimeout(2_000);
  if ((await page.getByTestId("stage").getAttribute("data-stage")) !== "ended") {
    // The customer may be quicker.
    await page.getByTestId("hangup").click({ timeout: 2_000 }).catch(() => undefined);
  }
  await there(page, '[data-testid="state"][data-state="wrap_up"]', 15_000, "wrap-up follows the call");
  const callback = page.locator('[data-testid="results"] input[value="callback"]');
  const key = await page.locator('[data-testid="results"] input').evaluateAll((all) => all.findIndex((r) => r.value === "callback") + 1);
  await page.locator('[data-testid="results"] input').first().focus();
  await page.keyboard.press(String(key));
  check(await callback.isChecked(), `the key ${key} chooses a result`);
  check(await page.getByTestId("save-next").isDisabled(), "a callback cannot be saved without its time");
  await page.getByRole("button", { name: "Tomorrow" }).click();
  check(/there[^]*for you/.test(await text(page, "both-times")), "the callback's time is shown on both clocks");
  await shot(page, "agent-wrapup");
  check((await page.getByTestId("notes").inputValue()) === notes, "the notes are there in wrap-up");
  for (const told of await page.locator('[data-testid="disclosures"] input').all()) await told.check();
  await page.getByTestId("save-pause").click();
  await there(page, '[data-testid="state"][data-state="not_ready"]', 15_000, "a pause follows the result");
  await there(page, '[data-testid="stage"][data-stage="none"]', 5_000, "the call is gone from the desk");
  const figures = await page.locator(".today").innerText();
  check(/, [1-9]\d* results?$/.test(figures), `the result is counted, not ${JSON.stringify(figures)}`);
  const left = await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith("ringmaster.")));
  check(left.length === 0, `nothing of the call stays in the browser, not ${left}`);
  await shot(page, "agent-paused");
  await seat.close();
}

/** sameCall checks that the call and its notes are on the page. */
async function sameCall(page, when, number) {
  await there(page, '[data-testid="stage"]:is([data-stage="talking"], [data-stage="ended"])', 15_000, `the call is there ${when}`);
  check((await text(page, "number")) === number, `it is the same call ${when}`);
  const written = await page.getByTestId("notes").inputValue();
  check(written === notes, `the notes are there ${when}, not ${JSON.stringify(written)}`);
}

/** wallboard watches the figures move. */
async function wallboard() {
  const room = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  const page = await open(room);
  await page.goto(options.wallboard, { timeout: 15_000 });
  check(new URL(page.url()).pathname === "/wallboard", `the link leads to the wallboard, not ${page.url()}`);
  await there(page, '[data-testid="campaign"][data-state="running"]', 15_000, "a running campaign is shown");
  await there(page, '[data-testid="agent"]', 15_000, "agents are shown");
  const figures = () => page.locator('.band, [data-testid="campaign"] tr:first-child').allInnerTexts();
  const before = JSON.stringify(await figures());
  const until = Date.now() + 20_000;
  while (JSON.stringify(await figures()) === before) {
    check(Date.now() < until, "the figures move within 20 s");
    await page.waitForTimeout(500);
  }
  await shot(page, "wallboard");
  for (const width of [390, 768, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    const cut = await page.evaluate(cutOff);
    check(cut.length === 0, `nothing is cut off at ${width} pixels: ${cut.join("; ")}`);
    await shot(page, `wallboard-${width}`);
  }
  await there(page, '[data-testid="pacing"] [role="meter"]', 5_000, "it says how near the drops are to their limit");
  await forecast(page);
  await room.close();
}

/** forecast asks the server, which may have no history yet, and then a server that has. */
async function forecast(page) {
  await page.getByRole("button", { name: "Forecast…" }).first().click();
  const simulate = page.getByRole("button", { name: "Simulate" });
  await simulate.click();
  await there(page, '[data-testid="forecast"], [data-testid="forecast-problem"]:not(:empty)', 20_000, "a forecast, or why there is none");
  const problem = await text(page, "forecast-problem");
  check(problem === "" || /answered|needed/.test(problem), `only a want of calls is no forecast, not ${JSON.stringify(problem)}`);

  const golden = JSON.parse(await readFile(new URL("../test/forecast.json", import.meta.url), "utf8"));
  await page.route("**/v1/campaigns/*/forecast", (route) => route.fulfill({ json: golden.forecast }));
  await page.getByLabel("Drop limit (%)").fill("2");
  await simulate.click();
  await there(page, '[data-testid="forecast"] td:nth-child(3)', 5_000, "the days stand side by side");
  for (const width of [390, 800, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const cut = await page.evaluate(cutOff);
    check(cut.length === 0, `nothing of the forecast is cut off at ${width} pixels: ${cut.join("; ")}`);
    await shot(page, `forecast-${width}`);
  }
  await page.getByRole("button", { name: "Done" }).click();
  await page.locator("dialog").waitFor({ state: "detached", timeout: 5_000 });
}

/** cutOff names, in the browser, what is wider than its place or the window. */
function cutOff() {
  const wide = document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
  for (const e of document.querySelectorAll(".wall *")) {
    const hides = getComputedStyle(e).overflowX !== "visible" && !e.closest("thead");
    if (hides && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) wide.push(e.textContent.slice(0, 60));
  }
  return wide;
}

async function open(context) {
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // The browser itself notes a forecast that is refused.
    if (message.type() === "error" && !message.location().url.endsWith("/forecast")) errors.push(message.text());
  });
  return page;
}

async function there(page, selector, timeout, what) {
  await page
    .locator(selector)
    .first()
    .waitFor({ timeout })
    .catch(async () => {
      await shot(page, "failed");
      const body = (await page.locator("body").innerText()).replace(/\s+/g, " ").slice(0, 600);
      throw new Error(`not within ${timeout / 1000} s: ${what}. The page says: ${body}`);
    });
}

async function text(page, id) {
  return (await page.getByTestId(id).innerText()).trim();
}

async function shot(page, name) {
  if (options.shots) await page.screenshot({ path: join(options.shots, `${name}.png`) });
}

function check(ok, what) {
  if (!ok) throw new Error(`not so: ${what}`);
}

async function findBrowser() {
  const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];
  for (const path of process.env.CHROMIUM ? [process.env.CHROMIUM] : known) {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      return path;
    }
  }
  throw new Error(`no Chromium at ${process.env.CHROMIUM ?? known.join(", ")}; CHROMIUM names one`);
}

async function fail(error) {
  console.error(`pages: ${error.message}`);
  if (errors.length > 0) console.error(`pages: errors in the browser: ${errors.join("; ")}`);
  await Promise.race([browser?.close(), new Promise((resolve) => setTimeout(resolve, 5_000))]);
  process.exit(1);
}
