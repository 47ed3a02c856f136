// Visits of the playground, by name: node visits.mjs NAME '{"chromium": PATH, "url": URL, ...}'
// Prints the result as JSON.
import { background, press, progress, run, shown, tabs, taken, visit } from "./browser.mjs";

const VISITS = {
  /** Every tab that the page opens with, in order. */
  async tabs(given) {
    return visit(given, async (page) => {
      const answers = {};
      await tabs(page).first().waitFor();
      const names = await tabs(page).allInnerTexts();
      for (const name of ["ListSessions", "Search", "ReadSession"]) {
        answers[name] = await run(page, name);
      }
      await page.evaluate(() => {
        window.progress = [];
        const note = () => {
          const bar = document.querySelector("[role=progressbar]");
          if (bar) {
            window.progress.push([bar.closest("section").dataset.state ?? "", Number(bar.ariaValueNow)]);
          }
        };
        new MutationObserver(note).observe(document.body, { attributes: true, childList: true, subtree: true });
      });
      answers.ResumeSession = await run(page, "ResumeSession");
      await progress(page, "READY");
      const moved = await page.evaluate(() => window.progress);
      await page.screenshot({ path: given.picture });
      await page.getByRole("button", { name: "Subscription" }).click();
      await taken(page, "FollowResume");
      await press(page);
      await shown(page, '"READY"');
      answers.ReadThread = await run(page, "ReadThread");
      return { names, answers, moved, background: await background(page) };
    });
  },

  /** The documentation and the explorer. */
  async plugins(given) {
    return visit(given, async (page) => {
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      const documentation = page.locator(".graphiql-doc-explorer");
      await documentation.getByText("Query", { exact: true }).click();
      await documentation.getByText("Entry points for reading.").waitFor();
      await page.getByRole("button", { name: "Show GraphiQL Explorer" }).click();
      await page.locator(".graphiql-explorer-root").waitFor();
      return { explorer: await page.locator(".graphiql-plugin").innerText() };
    });
  },

  /** A server with a token: without it, with a wrong one, with the right one, after a reload. */
  async token(given) {
    return visit(given, async (page) => {
      const dialog = page.getByRole("dialog");
      const field = dialog.getByLabel("Token", { exact: true });
      const give = async (token) => {
        await field.fill(token);
        await dialog.getByRole("button", { name: "Use" }).click();
      };
      const texts = [await dialog.locator("p").innerText()];
      const type = await field.getAttribute("type");
      await give("wrong");
      await dialog.getByText("refused").waitFor();
      texts.push(await dialog.locator("p").innerText());
      await give(given.token);
      await dialog.waitFor({ state: "hidden" });
      const answer = await run(page, "ListSessions");
      await run(page, "ResumeSession");
      await progress(page, "READY");
      await page.reload();
      const again = await run(page, "ListSessions");
      const kept = await page.evaluate(() => ({ ...localStorage }));
      return { texts, type, answer, again, kept, isAskedAgain: await dialog.isVisible() };
    });
  },

  /** The tabs that are shown. */
  async open(given) {
    return visit(given, async (page) => {
      await tabs(page).first().waitFor();
      return {
        title: await page.title(),
        names: await tabs(page).allInnerTexts(),
        answer: await run(page, "ListSessions"),
        background: await background(page),
      };
    });
  },

  /** The screenshot for the README: a resume in progress. Updates after the first 40 % are withheld from the page. */
  async picture(given) {
    return visit(given, async (page) => {
      await page.routeWebSocket("**", (socket) => {
        const server = socket.connectToServer();
        let progress = 0;
        server.onMessage((message) => {
          if (progress < 0.4) {
            socket.send(message);
            progress = JSON.parse(message).payload?.data?.resumeTask.progress ?? progress;
          }
        });
      });
      await page.reload();
      await run(page, "ResumeSession");
      await page.waitForFunction(() => document.querySelector("[role=progressbar]")?.ariaValueNow >= 40);
      await page.waitForFunction(() => document.querySelector(".resume-bar > div").getAnimations().length === 0);
      await page.screenshot({ path: given.picture });
      return {};
    });
  },
};

const [name, given] = process.argv.slice(2);
console.log(JSON.stringify(await VISITS[name](JSON.parse(given))));
