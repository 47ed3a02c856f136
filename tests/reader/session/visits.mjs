// Visits of the page of one session, by name: node visits.mjs NAME '{"chromium": PATH, "url": URL, ...}'
// Prints the result as JSON.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { visit } from "../../playground/browser.mjs";
import { execute, violations } from "../page.mjs";

/** The message at a position, from 0. */
function message(page, position) {
  return page.locator(`article[data-position="${position}"]`);
}

/** The fold with that label. */
function fold(page, label) {
  return page.locator(".fold").filter({ has: page.locator(".fold-label", { hasText: label }) });
}

async function open(page, label) {
  const line = fold(page, label).first().locator(".fold-line");
  await line.click();
  await line.and(page.locator('[aria-expanded="true"]')).waitFor();
}

/** The text of the file that `action` downloads, behind its name. */
async function downloaded(page, action) {
  const [download] = await Promise.all([page.waitForEvent("download"), action()]);
  return [download.suggestedFilename(), await readFile(await download.path(), "utf8")];
}

/** The position of the message that has the focus, and whether it is in the upper half of the window. */
async function focused(page) {
  return page.evaluate(() => {
    const row = document.activeElement.closest("article");
    const { top } = row.getBoundingClientRect();
    return { position: Number(row.dataset.position), isAtTop: top > 50 && top < window.innerHeight / 2 };
  });
}

async function focusedAfter(page, key, position) {
  await page.keyboard.press(key);
  await page.waitForFunction((at) => document.activeElement.dataset.position === String(at), position);
  return focused(page);
}

const VISITS = {
  /** Goes along a long transcript by its address, by keys and by the outline. */
  async places(given) {
    return visit(given, async (page) => {
      await message(page, given.position).waitFor();
      await page.waitForFunction((at) => document.activeElement.dataset.position === String(at), given.position);
      const places = [await focused(page)];
      const prompts = page.getByRole("navigation", { name: "Prompts" });
      // While the transcript scrolls to the message, the prompts on its way are current.
      const current = prompts.locator(`[aria-current="location"][href$="/${given.position}"]`);
      const inOutline = await current.innerText();
      places.push(await focusedAfter(page, "j", given.next));
      places.push(await focusedAfter(page, "k", given.position));
      places.push(await focusedAfter(page, "J", given.nextPrompt));
      places.push(await focusedAfter(page, "K", given.prompt));
      await prompts.getByRole("link").last().click();
      await page.waitForFunction(() => document.activeElement.matches("article"));
      const chosen = { ...(await focused(page)), address: new URL(page.url()).pathname };
      await page.keyboard.press("G");
      await message(page, given.last).waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-session-long.png") });
      const answers = page.waitForResponse((response) => response.request().postDataJSON()?.operationName === "Prompts");
      await page.reload();
      const longest = Math.max(...(await (await answers).json()).data.session.messages.nodes.map((node) => JSON.stringify(node).length));
      return { longest, places, inOutline, chosen, rows: await page.locator("article.message").count() };
    });
  },

  /** Opens a message far inside a transcript, while all requests but the first have to wait. */
  async deep(given) {
    return visit(given, async (page) => {
      const held = [];
      const answered = [];
      let isOpen = false;
      // Requests of the first load do not count.
      let isReloaded = false;
      page.once("framenavigated", () => (isReloaded = true));
      await page.route("**/graphql", (route) => {
        if (!isReloaded) {
          return route.continue();
        }
        answered.push(route.request().postDataJSON().operationName);
        return isOpen || answered.length === 1 ? route.continue() : held.push(route);
      });
      await page.reload();
      const text = await message(page, given.position).innerText();
      await page.waitForFunction((at) => document.activeElement.dataset.position === String(at), given.position);
      const place = await focused(page);
      const asked = [...answered];
      isOpen = true;
      await Promise.all(held.map((route) => route.continue()));
      await page.getByRole("navigation", { name: "Prompts" }).locator('[aria-current="location"]').waitFor();
      return { asked, text, place };
    });
  },

  /** Opens a session while the server cannot be reached, and again once it can. */
  async again(given) {
    return visit(given, async (page) => {
      await message(page, 0).waitFor();
      await page.route("**/graphql", (route) => route.abort());
      await page.reload();
      const retry = page.getByRole("button", { name: "Try again" });
      await retry.waitFor();
      const refused = page.waitForEvent("requestfailed");
      await retry.click();
      await refused;
      await retry.waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-session-again.png") });
      const shown = await violations(page);
      await page.unroute("**/graphql");
      await retry.click();
      await message(page, 0).waitFor();
      return { violations: shown };
    });
  },

  /** Opens the answer of a call that is not in the transcript. */
  async answers(given) {
    return visit(given, async (page) => {
      const answered = page.waitForResponse((response) => response.request().postDataJSON()?.operationName === "SessionPage");
      await page.reload();
      const transferred = await (await answered).text();
      await open(page, "Answer of a tool");
      const lone = await fold(page, "Answer of a tool").locator("pre").innerText();
      await open(page, "Bash");
      return { transferred, lone, called: await fold(page, "Bash").locator(".answer pre").innerText() };
    });
  },

  /** What a person can do with a session. */
  async change(given) {
    return visit(given, async (page) => {
      const main = page.getByRole("main");
      const more = async (name) => {
        await main.getByRole("button", { name: "More" }).click();
        await page.getByRole("menuitem", { name }).click();
      };
      await message(page, 0).waitFor();
      await page.keyboard.press("r");
      await page.getByLabel("Title").fill("A title of a person");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "A title of a person" }).waitFor();
      await page.keyboard.press("r");
      await page.getByLabel("Title").fill("Given up");
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { level: 1, name: "A title of a person" }).waitFor();
      await page.keyboard.press("s");
      await main.getByRole("button", { name: "Star", pressed: true }).waitFor();
      await page.keyboard.press("n");
      await page.getByRole("textbox", { name: "Note" }).fill("For the handbook");
      await page.getByRole("button", { name: "Save" }).click();
      await main.getByRole("button", { name: "Note: For the handbook" }).waitFor();
      await page.keyboard.press("t");
      const known = page.getByRole("dialog").locator("option");
      await known.first().waitFor({ state: "attached" });
      const tags = await known.evaluateAll((options) => options.map(({ value }) => value));
      await page.keyboard.press("Escape");
      const document = await downloaded(page, () => more("Export"));

      await page.keyboard.press("c");
      const dialog = page.getByRole("dialog", { name: "Continue this session" });
      const command = dialog.getByRole("group", { name: "Command" });
      await command.waitFor();
      const own = await command.innerText();
      await dialog.getByRole("button", { name: "Copy the command" }).click();
      await dialog.getByRole("button", { name: "Copied" }).waitFor();
      await dialog.getByText("for a machine that").click();
      const ownFile = await downloaded(page, () => dialog.getByRole("button", { name: "Download" }).first().click());
      await dialog.getByRole("radio", { name: "Codex" }).check();
      await dialog.getByText("What changes on the way").waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-session-handoff.png") });
      const problems = await violations(page);
      const others = await command.innerText();
      const file = await downloaded(page, () => dialog.getByRole("button", { name: "Download" }).click());
      await dialog.getByRole("button", { name: "Close" }).click();

      await more("Delete");
      await page.locator("[data-session]").first().waitFor();
      const total = page.getByRole("heading", { level: 1 });
      const listed = await total.innerText();
      // It has a single prompt.
      await page.getByRole("button", { name: /^\d+ hidden$/ }).click();
      await page.waitForURL("**/?runs=1");
      await page.locator(".hidden-count").waitFor({ state: "detached" });
      // The counts and the list are two requests.
      await page.waitForFunction((text) => document.querySelector("h1").innerText !== text, listed);
      const without = await total.innerText();
      await page.getByRole("button", { name: "Undo" }).click();
      await page.waitForFunction((text) => document.querySelector("h1").innerText !== text, without);
      const totals = [without, await total.innerText()].map((text) => parseInt(text));
      return { tags, document, own, ownFile, others, file, totals, violations: problems };
    });
  },

  /** A resume that is canceled, and one that comes to its end. */
  async resume(given) {
    return visit(given, async (page) => {
      const start = page.getByRole("button", { name: "Resume", exact: true });
      const bar = page.getByRole("region", { name: "Resume" });
      await start.click();
      await bar.getByRole("progressbar").waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-session-resume.png") });
      const problems = await violations(page);
      await bar.getByRole("button", { name: "Cancel" }).click();
      await bar.getByText("canceled").waitFor();
      await bar.getByRole("button", { name: "Try again" }).click();
      await bar.getByText("Resumed into thr_").waitFor();
      return { violations: problems };
    });
  },

  /** A resume while which the server is stopped and started again. */
  async away(given) {
    return visit(given, async (page) => {
      const bar = page.getByRole("region", { name: "Resume" });
      const value = async () => Number(await bar.getByRole("progressbar").getAttribute("aria-valuenow"));
      await page.getByRole("button", { name: "Resume", exact: true }).click();
      await page.waitForFunction(() => document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow") > 0);
      await writeFile(given.stop, "");
      await bar.getByText("The server is unavailable").waitFor();
      const before = await value();
      await page.screenshot({ path: join(given.pictures, "reader-session-away.png") });
      await writeFile(given.start, "");
      // The client waits longer after each attempt to connect.
      await bar.getByText("Resumed into thr_").waitFor({ timeout: 90_000 });
      return { before, isAway: await bar.getByText("The server is unavailable").isVisible() };
    });
  },

  /** A session that is written while it is read. */
  async follow(given) {
    return visit(given, async (page) => {
      await message(page, given.last).waitFor();
      await page.locator('.live[data-state="live"]').waitFor();
      await execute(given.url, "mutation ($text: String!) { importSession(input: { text: $text }) { outcome } }", {
        text: given.text,
      });
      await page.getByRole("button", { name: "1 new message" }).click();
      await message(page, given.last + 1).waitFor();
      const text = await message(page, given.last + 1).innerText();
      const operation = "mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) { deletedSessionId } }";
      await execute(given.url, operation, { input: { sessionId: given.session } });
      await page.getByRole("heading", { name: "Nothing is here" }).waitFor();
      return { text };
    });
  },

  /** Finds something in what is folded, by keys and by the address. */
  async find(given) {
    return visit(given, async (page) => {
      const shown = async () => {
        const answer = fold(page, "Edit").locator(".answer");
        await answer.waitFor();
        await page.waitForFunction(() => CSS.highlights.get("find")?.size === 1);
        return {
          position: await page.locator('article[data-target="true"]').getAttribute("data-position"),
          answer: await answer.innerText(),
          marks: await page.evaluate(() => CSS.highlights.get("find").size),
        };
      };
      await message(page, 1).waitFor();
      await page.keyboard.press("f");
      await page.keyboard.type("quokka");
      const hits = page.getByRole("region", { name: "Hits" }).locator(".find-text");
      await hits.first().waitFor();
      await page.keyboard.press("Enter");
      await page.getByText("1 of 1", { exact: true }).waitFor();
      const seen = { hits: await hits.allInnerTexts(), shown: await shown(), violations: await violations(page) };
      await page.screenshot({ path: join(given.pictures, "reader-session-find.png") });
      await page.goto(`${given.url}/5?q=quokka`);
      return { ...seen, shown_by_address: await shown() };
    });
  },

  /** Goes from a hit in all sessions to its place. */
  async found(given) {
    return visit(given, async (page) => {
      await page.locator(".hit").first().click();
      const answer = fold(page, "Edit").locator(".answer");
      await answer.waitFor();
      const { pathname, search } = new URL(page.url());
      return { path: pathname + search, answer: await answer.innerText() };
    });
  },

  /** Messages that would hold up the page if they were parsed. */
  async costly(given) {
    return visit(given, async (page) => {
      const texts = [];
      for (let position = 0; position < given.messages; position++) {
        texts.push(await message(page, position).locator(".message-content").innerText());
        await page.keyboard.press("j");
      }
      return { texts };
    });
  },

  /** A compaction whose summary is empty. */
  async sealed(given) {
    return visit(given, async (page) => {
      return { text: await message(page, 2).locator(".message-content").innerText() };
    });
  },

  /** What a program put in, an earlier window of the model, and the session of a subagent in the call that began it. */
  async kinds(given) {
    return visit({ ...given, url: given.compacted, colorScheme: "dark" }, async (page) => {
      await message(page, 4).waitFor();
      await open(page, "Summary");
      const earlier = await page.locator('article[data-earlier="true"]').count();
      const summary = await fold(page, "Summary").innerText();
      const problems = await violations(page);
      await page.goto(given.url);
      await message(page, 1).waitFor();
      await open(page, "Agent");
      const subagent = page.getByRole("region", { name: /^Subagent/ });
      await subagent.getByText("20 pieces of fruit.").waitFor();
      await subagent.getByRole("button", { name: /^Bash/ }).waitFor();
      return { earlier, summary, violations: [...problems, ...(await violations(page))] };
    });
  },

  /** A dark phone. */
  async phone(given) {
    const phone = { ...given, viewport: { width: 390, height: 844 }, colorScheme: "dark" };
    return visit(phone, async (page) => {
      await message(page, 0).waitFor();
      await page.getByRole("button", { name: "Tools" }).click();
      await page.screenshot({ path: join(given.pictures, "reader-session-phone.png") });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      const shown = await violations(page);
      await page.getByRole("button", { name: "Prompts" }).click();
      await page.getByRole("dialog").getByRole("link").first().waitFor();
      return { width, violations: [...shown, ...(await violations(page))] };
    });
  },

  /** A message that runs from right to left, with code and a paragraph that run from left to right. */
  async directions(given) {
    return visit({ ...given, viewport: { width: 360, height: 740 } }, async (page) => {
      const markdown = message(page, 1).locator(".markdown");
      await markdown.locator(".code-block").waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-session-right-to-left.png") });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      return {
        width,
        ...(await markdown.evaluate((shown) => {
          /** The boxes around the text of the first such element and around the element itself. */
          const places = (selector) => {
            const element = shown.querySelector(selector);
            const text = document.createRange();
            text.selectNodeContents(element);
            return [text, element].map((place) => place.getBoundingClientRect());
          };
          const isAtRight = (selector) => {
            const [text, box] = places(selector);
            return box.right - text.right < text.left - box.left;
          };
          const style = (selector) => getComputedStyle(shown.querySelector(selector));
          return {
            atRight: ["h3", "p", "blockquote p", ":scope > p:last-child"].filter(isAtRight),
            marker: style("ol").paddingRight,
            border: style("blockquote").borderRightWidth,
            code: [...shown.querySelectorAll("code")].map((code) => getComputedStyle(code).direction),
          };
        })),
      };
    });
  },

  /** A transcript with everything that a page must not trust. */
  async hostile(given) {
    return visit(given, async (page) => {
      await message(page, 1).waitFor();
      for (const label of ["Bash", "Edit", "Thinking"]) {
        await open(page, label);
      }
      await page.locator(".code-block .hljs-keyword").first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: join(given.pictures, "reader-session.png") });
      return {
        ran: await page.evaluate(() => window.hostile ?? null),
        text: await page.locator(".transcript").innerText(),
        links: await page.locator(".message-content a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
        pictures: await page.locator(".message-content img").evaluateAll((images) => images.map(({ src }) => src)),
        foreignElements: await page
          .locator(".transcript :is(script, iframe, object, embed, form, style, base, meta, link, svg:not(.icon))")
          .count(),
        diff: await page.locator(".diff-line").allInnerTexts(),
        answer: await fold(page, "Bash").locator(".answer").innerText(),
        messages: await page.locator("article.message").count(),
        violations: await violations(page),
      };
    });
  },
};

const [name, given] = process.argv.slice(2);
console.log(JSON.stringify(await VISITS[name](JSON.parse(given))));
