// Visits of the reader, by name: node visits.mjs NAME '{"chromium": PATH, "url": URL, ...}'
// Prints the result as JSON.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { visit } from "../playground/browser.mjs";
import { counted, execute, row, rows, titles, violations } from "./page.mjs";

const VISITS = {
  /** The first page: what it asks for, what it shows, and menus that follow each other. */
  async list(given) {
    return visit(given, async (page) => {
      // What the page asks for that is reloaded must not be counted.
      await page.waitForLoadState("networkidle");
      const asked = [];
      page.on("request", (request) => request.url().endsWith("/graphql") && asked.push(request.postDataJSON()));
      page.on("websocket", () => asked.push("websocket"));
      await page.reload();
      await rows(page).first().waitFor();
      const painted = await page.evaluate(() => performance.now());
      const menu = page.locator(".facet");
      await menu.first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: join(given.pictures, "reader-list.png") });
      const seen = {
        asked: asked.length,
        painted,
        title: await page.title(),
        heading: await page.getByRole("heading", { level: 1 }).innerText(),
        titles: await titles(page),
        menus: await menu.allInnerTexts(),
        weeks: await page.locator('.activity-bar[data-empty="false"]').count(),
        violations: await violations(page),
      };
      seen.hidden = await page.locator(".hidden-count").innerText();
      await page.getByRole("switch", { name: "Hide automated runs" }).click();
      await page.locator(".hidden-count").waitFor({ state: "detached" });
      // The counts and the list are two requests.
      await page.waitForFunction((before) => document.querySelector("h1").innerText !== before, seen.heading);
      seen.withRuns = await page.getByRole("heading", { level: 1 }).innerText();
      await page.goBack();
      await counted(page, seen.heading);
      await menu.getByLabel("zagens").check();
      await page.getByRole("button", { name: "Without zagens" }).waitFor();
      await page.waitForFunction((before) => document.querySelector("h1").innerText !== before, seen.heading);
      await page.waitForLoadState("networkidle");
      seen.narrowed = {
        heading: await page.getByRole("heading", { level: 1 }).innerText(),
        address: page.url(),
        menus: await menu.allInnerTexts(),
      };
      await page.goBack();
      await counted(page, seen.heading);
      return seen;
    });
  },

  /** The changes that a person makes to sessions, from the keyboard where keys do them. */
  async organize(given) {
    return visit(given, async (page) => {
      const keys = async (...names) => {
        for (const name of names) {
          await page.keyboard.press(name);
        }
      };
      const toast = page.locator(".toast");
      await rows(page).first().waitFor();
      const [first, second, third, fourth] = await titles(page);
      const total = await page.getByRole("heading", { level: 1 }).innerText();

      await keys("j", "s");
      await row(page, first).getByRole("button", { name: "Star", pressed: true }).waitFor();
      await keys("t");
      await page.getByLabel("New tag").fill("release");
      await keys("Enter", "Enter");
      await row(page, first).locator(".tag", { hasText: "release" }).waitFor();
      await keys("r");
      await page.getByLabel("Title").fill("A title of a person");
      await keys("Enter");
      await row(page, "A title of a person").waitFor();

      await keys("j", "e");
      await row(page, second).waitFor({ state: "detached" });
      const withoutArchived = await page.getByRole("heading", { level: 1 }).innerText();
      await toast.getByRole("button", { name: "Undo" }).click();
      await row(page, second).waitFor();

      await row(page, third).getByRole("button", { name: "More" }).click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
      await row(page, third).waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Undo" }).last().click();
      await row(page, third).waitFor();

      for (const title of [third, fourth]) {
        await row(page, title).hover();
        await row(page, title).getByRole("checkbox").check();
      }
      const bar = page.getByRole("toolbar", { name: "Selected sessions" });
      await page.screenshot({ path: join(given.pictures, "reader-selection.png") });
      const problems = await violations(page);
      await bar.getByRole("button", { name: "Delete" }).click();
      await row(page, fourth).waitFor({ state: "detached" });
      // The deletion is sent when the page is left.
      await page.reload();
      await rows(page).first().waitFor();
      return {
        total,
        withoutArchived,
        deleted: [third, fourth],
        titles: await titles(page),
        isStarred: await row(page, "A title of a person").getByRole("button", { name: "Star", pressed: true }).isVisible(),
        tags: await row(page, "A title of a person").locator(".tag").allInnerTexts(),
        violations: problems,
      };
    });
  },

  /** Search while it is typed, and the palette. */
  async search(given) {
    return visit(given, async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type(given.query, { delay: 20 });
      const found = page.locator(".found");
      await found.first().waitFor();
      await page.waitForURL(`**/?q=${given.query}`);
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: join(given.pictures, "reader-search.png") });
      const seen = {
        heading: await page.getByRole("heading", { level: 1 }).innerText(),
        sessions: await found.getByRole("heading", { level: 2 }).allInnerTexts(),
        marks: await found.locator("mark").allInnerTexts(),
        counts: await page.locator(".found-count").allInnerTexts(),
        violations: await violations(page),
      };
      await page.keyboard.press("Escape");
      await rows(page).first().waitFor();
      await page.keyboard.press("Control+k");
      const palette = page.getByRole("dialog");
      await palette.getByRole("combobox").fill(given.query);
      await palette.getByRole("option").filter({ has: page.locator("mark") }).first().waitFor();
      seen.violationsOfPalette = await violations(page);
      await page.screenshot({ path: join(given.pictures, "reader-palette.png") });
      await page.keyboard.press("Enter");
      await page.waitForURL("**/s/**");
      await page.getByRole("heading", { level: 1, name: seen.sessions[0] }).waitFor();
      return seen;
    });
  },

  /** What is found changes while it is read; all hits of a session. */
  async found(given) {
    const viewport = { width: 1400, height: 200 };
    return visit({ ...given, viewport, url: `${given.url}?q=${given.query}` }, async (page) => {
      const found = page.locator(".found");
      const titles = () => found.getByRole("heading", { level: 2 }).allInnerTexts();
      await page.locator('.live[data-state="live"]').waitFor();
      await page.locator(".found-more").first().waitFor();
      const before = await titles();
      const last = found.last().locator(".hit").first();
      await last.focus();
      await last.evaluate((hit) => hit.scrollIntoView({ block: "start" }));
      const place = () =>
        page.evaluate(() => [document.activeElement.innerText, Math.round(document.activeElement.getBoundingClientRect().top)]);
      const places = [await place()];
      const { importSession } = await execute(
        given.url,
        "mutation ($input: ImportSessionInput!) { importSession(input: $input) { session { id title } } }",
        { input: { document: given.document } },
      );
      const { id, title } = importSession.session;
      await found.getByRole("heading", { name: title }).waitFor();
      places.push(await place());
      const after = await titles();
      await execute(given.url, "mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) { deletedSessionId } }", {
        input: { sessionId: id },
      });
      await found.getByRole("heading", { name: title }).waitFor({ state: "detached" });
      places.push(await place());
      const more = page.locator(".found").filter({ has: page.locator(".found-more") }).first();
      const hits = parseInt(await more.locator(".found-count").innerText());
      await more.locator(".found-more").getByRole("link").click();
      const field = page.getByRole("searchbox", { name: "Find in this session" });
      await page.getByRole("region", { name: "Hits" }).locator(".find-text").first().waitFor();
      const inSession = await page.getByRole("region", { name: "Hits" }).locator(".find-text").count();
      return { before, after, title, places, hits, inSession, field: await field.inputValue(), address: page.url() };
    });
  },

  /** An import of another process, until it ends. */
  async importing(given) {
    return visit(given, async (page) => {
      const bar = page.getByRole("region", { name: "Import" });
      const progress = bar.getByRole("progressbar");
      await progress.waitFor();
      const texts = [await bar.innerText()];
      const problems = await violations(page);
      await page.screenshot({ path: join(given.pictures, "reader-import.png") });
      await writeFile(given.go, "");
      await page.waitForFunction(() => document.querySelector("[role=progressbar]").getAttribute("aria-valuenow") === "50");
      texts.push(await bar.innerText());
      await writeFile(given.end, "");
      await bar.waitFor({ state: "detached" });
      return { texts, violations: problems };
    });
  },

  /** Changes after the database was replaced by an older one while the list is open. */
  async restored(given) {
    return visit(given, async (page) => {
      const rename = (title) =>
        execute(given.url, "mutation ($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }", {
          input: { sessionId: given.sessionId, title },
        });
      await rows(page).first().waitFor();
      await page.locator('.live[data-state="live"]').waitFor();
      await rename("Before");
      await row(page, "Before").waitFor();
      await writeFile(given.go, "");
      while (!existsSync(given.end)) {
        await page.waitForTimeout(50);
      }
      await rename("After");
      await row(page, "After").waitFor();
      await rename("Later");
      await row(page, "Later").waitFor();
      return { titles: await rows(page).count() };
    });
  },

  /** Changes that others make while the list is open. */
  async live(given) {
    return visit(given, async (page) => {
      await rows(page).first().waitFor();
      await page.locator('.live[data-state="live"]').waitFor();
      const before = await page.getByRole("heading", { level: 1 }).innerText();
      const { importSession } = await execute(
        given.url,
        "mutation ($input: ImportSessionInput!) { importSession(input: $input) { session { id title } userErrors { message } } }",
        { input: { document: given.document } },
      );
      const { id, title } = importSession.session;
      await row(page, title).waitFor();
      const after = await page.getByRole("heading", { level: 1 }).innerText();
      await execute(given.url, "mutation ($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }", {
        input: { sessionId: id, title: "Renamed elsewhere" },
      });
      await row(page, "Renamed elsewhere").waitFor();
      await execute(given.url, "mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) { deletedSessionId } }", {
        input: { sessionId: id },
      });
      await row(page, "Renamed elsewhere").waitFor({ state: "detached" });
      const hidden = page.locator(".hidden-count");
      const hiddenBefore = await hidden.innerText();
      const run = await execute(
        given.url,
        "mutation ($text: String!) { importSession(input: {text: $text}) { session { id isAutomated promptCount } } }",
        { text: given.run },
      );
      const { id: sessionId, ...automated } = run.importSession.session;
      await page.waitForFunction((text) => document.querySelector(".hidden-count").innerText !== text, hiddenBefore);
      automated.hidden = [hiddenBefore, await hidden.innerText()];
      await execute(given.url, "mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) { deletedSessionId } }", {
        input: { sessionId },
      });
      return { before, title, after, automated, hostile: await page.evaluate(() => window.hostile ?? null) };
    });
  },

  /** A dark phone, and the narrowest width that WCAG asks for. */
  async phone(given) {
    const phone = { ...given, viewport: { width: 390, height: 844 }, colorScheme: "dark" };
    return visit(phone, async (page) => {
      await rows(page).first().waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-phone.png") });
      const listed = await violations(page);
      await page.setViewportSize({ width: 320, height: 844 });
      await page.screenshot({ path: join(given.pictures, "reader-phone-narrow.png") });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      await page.setViewportSize(phone.viewport);
      await page.getByRole("button", { name: "Filter" }).click();
      const dialog = page.getByRole("dialog", { name: "Filter" });
      await dialog.locator(".facet").first().waitFor();
      await page.screenshot({ path: join(given.pictures, "reader-phone-filter.png") });
      return { width, violations: [...listed, ...(await violations(page))] };
    });
  },

  /** A server with a token: without it, with a wrong one, with the right one, after a reload. */
  async token(given) {
    return visit(given, async (page) => {
      const dialog = page.getByRole("dialog");
      const field = dialog.getByLabel("Token", { exact: true });
      const texts = [await dialog.locator("p").innerText()];
      const type = await field.getAttribute("type");
      await field.fill("wrong");
      await dialog.getByRole("button", { name: "Use" }).click();
      await dialog.getByText("refused").waitFor();
      await field.fill(given.token);
      await dialog.getByRole("button", { name: "Use" }).click();
      await rows(page).first().waitFor();
      await page.locator('.live[data-state="live"]').waitFor();
      await page.reload();
      await rows(page).first().waitFor();
      const kept = await page.evaluate(() => ({ ...localStorage }));
      return { texts, type, kept, isAskedAgain: await dialog.isVisible() };
    });
  },
};

const [name, given] = process.argv.slice(2);
console.log(JSON.stringify(await VISITS[name](JSON.parse(given))));
