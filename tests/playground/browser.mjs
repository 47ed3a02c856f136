// Visits of a page in a new Chromium, with the errors that occur.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const WIDE = { width: 1400, height: 760 };

/** A phone's. */
export const NARROW = { width: 390, height: 844 };

/**
 * Opens `url` with `stored` in its localStorage and calls `use` with the page; resolves to its result, with
 * `foreign`, the requests to other origins, and `complaints`, all errors and warnings of the page and its console.
 */
export async function visit(given, use) {
  const { chromium: executablePath, url, colorScheme = "light", stored = {}, viewport = WIDE } = given;
  const { origin } = new URL(url);
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const context = await browser.newContext({ colorScheme, viewport });
    await context.addInitScript((entries) => Object.assign(localStorage, entries), stored);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const foreign = [];
    const complaints = [];
    const isForeign = (address) => !address.startsWith("data:") && new URL(address).host !== new URL(origin).host;
    page.on("request", (request) => isForeign(request.url()) && foreign.push(request.url()));
    page.on("websocket", (socket) => isForeign(socket.url()) && foreign.push(socket.url()));
    page.on("requestfailed", (request) => {
      const { errorText } = request.failure();
      // Requests that are in flight when a page is left are aborted.
      if (errorText !== "net::ERR_ABORTED") {
        complaints.push(`${request.url()} ${errorText}`);
      }
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        complaints.push(message.text());
      }
    });
    await page.goto(url);
    const seen = await use(page);
    return { ...seen, foreign, complaints };
  } finally {
    await browser.close();
  }
}

/** The buttons of the tabs. */
export function tabs(page) {
  return page.locator("[id^=graphiql-session-tab-]");
}

/** Goes to a tab, by its operation's name. */
export async function open(page, tab) {
  const button = tabs(page).and(page.getByTitle(tab, { exact: true }));
  // A click before the editor has loaded has no effect.
  for (let tries = 0; tries < 14; tries++) {
    await button.click();
    if (await taken(page, tab, 2_000).then(() => true, () => false)) {
      return;
    }
  }
  await taken(page, tab);
}

/** Resolves when GraphiQL has loaded the operation of a tab, a moment after the tab is shown. */
export async function taken(page, tab, timeout = 30_000) {
  await page.waitForFunction(
    (name) => localStorage["reprise-2:graphiql:query"]?.match(/(query|mutation|subscription) (\w+)/)[2] === name,
    tab,
    { timeout },
  );
}

/** Presses the button that runs the tab's operation. */
export async function press(page) {
  await page.locator(".graphiql-execute-button").click();
}

/** Runs the query or mutation of a tab; resolves to its response when that is shown. */
export async function run(page, tab) {
  await open(page, tab);
  const answering = page.waitForResponse(
    (response) => response.request().postDataJSON()?.operationName === tab,
  );
  await press(page);
  const answer = await (await answering).json();
  await shown(page, '"data"');
  return answer;
}

/** Resolves when the displayed response contains `text`. */
export async function shown(page, text) {
  await page.locator(".result-window", { hasText: text }).waitFor();
}

/** The page's red, green and blue, each up to 255. */
export function background(page) {
  return page.evaluate(() =>
    getComputedStyle(document.querySelector(".graphiql-container")).backgroundColor.match(/\d+/g).map(Number),
  );
}

/** The bar below the answer. */
export function bar(page) {
  return page.getByRole("region", { name: "Resume progress" });
}

/** Resolves when the bar below the answer shows `state`. */
export async function progress(page, state) {
  await page.locator(`.resume[data-state="${state}"]`).waitFor();
}
