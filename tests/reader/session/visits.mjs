// Visits of the page of one session, by name: node visits.mjs NAME '{"chromium": PATH, "url": URL, ...}'
// Prints the result as JSON.
import { join } from "node:path";

import { visit } from "../../playground/browser.mjs";
import { violations } from "../page.mjs";

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

const VISITS = {
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
