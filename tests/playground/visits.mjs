// Visits of the playground, by name: node visits.mjs NAME '{"chromium": PATH, "url": URL, ...}'
// Prints the result as JSON.
import { background, bar, NARROW, open, press, progress, run, shown, tabs, taken, visit } from "./browser.mjs";
import { FlakyProxy } from "./flaky_proxy.mjs";

const CANCEL = "mutation ($input: CancelResumeInput!) { cancelResume(input: $input) { resumeTask { state } } }";
const RENAME = "mutation ($input: UpdateSessionInput!) { updateSession(input: $input) { session { title } } }";

/** Executes an operation without the page. */
async function execute(url, query, input) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables: { input } }) });
  return response.json();
}

const VISITS = {
  /** Every tab that the page opens with, in order. */
  async tabs(given) {
    return visit(given, async (page) => {
      const answers = {};
      await tabs(page).first().waitFor();
      const names = await tabs(page).allInnerTexts();
      for (const name of ["ListSessions", "FilterSessions", "Search", "ReadSession"]) {
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
      await open(page, "FollowChanges");
      await press(page);
      const { nodes } = answers.ListSessions.data.sessions;
      // Until the subscription has begun, its changes are not sent.
      const renaming = setInterval(() => execute(given.url, RENAME, { sessionId: nodes[0].id, title: "Renamed" }), 200);
      await shown(page, '"Renamed"').finally(() => clearInterval(renaming));
      await press(page);
      for (const name of ["RenameSession", "DeleteSession"]) {
        answers[name] = await run(page, name);
      }
      return { names, answers, moved, background: await background(page) };
    });
  },

  /** Attempts of one resume that no server seeds: canceled, resumed, followed after a reload and an outage. */
  async attempts(given) {
    const { hostname, port } = new URL(given.url);
    const proxy = new FlakyProxy(hostname, Number(port));
    await proxy.come();
    const url = `http://127.0.0.1:${proxy.port}/graphql`;
    const seen = await visit({ ...given, url }, async (page) => {
      const pressInBar = (name) => bar(page).getByRole("button", { name }).click();
      const { resumeSession } = (await run(page, "ResumeSession")).data;
      await progress(page, "QUEUED");
      await pressInBar("Cancel");
      await progress(page, "CANCELED");
      await run(page, "ResumeSession");
      await progress(page, "QUEUED");
      await pressInBar("Cancel");
      await progress(page, "CANCELED");
      await pressInBar("Resume again");
      await progress(page, "QUEUED");
      await page.reload();
      await progress(page, "QUEUED");
      await open(page, "FollowResume");
      await press(page);
      await shown(page, '"QUEUED"');

      let attempts = 0;
      page.on("websocket", () => (attempts += 1));
      await proxy.leave();
      await bar(page).getByText("Waiting for the server").waitFor();
      const deadline = Date.now() + 60_000;
      while (attempts < 2 && Date.now() < deadline) {
        await page.waitForTimeout(50);
      }
      const text = await page.locator("body").innerText();
      await execute(given.url, CANCEL, { threadId: resumeSession.resumeTask.threadId });
      await proxy.come();
      await progress(page, "CANCELED");
      await shown(page, '"CANCELED"');
      const count = await bar(page).getByRole("status").innerText();
      await pressInBar("Hide the progress");
      await page.reload();
      await tabs(page).first().waitFor();
      return { attempts, text, count, bars: await bar(page).count() };
    });
    await proxy.leave();
    return seen;
  },

  /** The page on a phone: a query, a resume, the documentation, the explorer. */
  async narrow(given) {
    return visit({ ...given, viewport: NARROW }, async (page) => {
      const boxes = {};
      const measure = async (name, locator) => (boxes[name] = await locator.boundingBox());
      await run(page, "ResumeSession");
      await progress(page, "READY");
      await run(page, "ListSessions");
      await measure("run", page.locator(".graphiql-execute-button"));
      await measure("editor", page.locator(".graphiql-query-editor"));
      await measure("variables", page.locator(".graphiql-editor-tool"));
      await measure("response", page.locator(".result-window"));
      await measure("progress", bar(page));
      await page.screenshot({ path: given.picture });
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      const documentation = page.locator(".graphiql-doc-explorer");
      await documentation.getByText("Query", { exact: true }).click();
      await documentation.getByText("Entry points for reading.").waitFor();
      await measure("documentation", page.locator(".graphiql-plugin"));
      await page.getByRole("button", { name: "Show GraphiQL Explorer" }).click();
      await page.locator(".graphiql-explorer-root").waitFor();
      const explorer = await page.locator(".graphiql-plugin").innerText();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      await page.getByRole("button", { name: "Hide GraphiQL Explorer" }).click();
      await measure("again", page.locator(".graphiql-query-editor"));
      return { boxes, explorer, width };
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
      // GraphiQL asks for the schema once more, in an older form, and each refusal opens the dialog.
      const button = page.getByRole("button", { name: "Token" });
      while (!(await button.click({ timeout: 500 }).then(() => true, () => false))) {
        await page.keyboard.press("Escape");
      }
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
        tokenButtons: await page.getByRole("button", { name: "Token" }).count(),
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
