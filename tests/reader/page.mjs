// What visits of the reader share: its parts by their roles, and an audit of accessibility.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The rows of the list. */
export function rows(page) {
  return page.locator("[data-session]");
}

/** The row with that title. */
export function row(page, title) {
  return rows(page).filter({ has: page.getByRole("link", { name: title, exact: true }) });
}

export async function titles(page) {
  return rows(page).getByRole("heading").allInnerTexts();
}

/** Resolves when the heading of the list says that there are so many sessions. */
export async function counted(page, sessions) {
  await page.getByRole("heading", { level: 1, name: sessions, exact: true }).waitFor();
}

/** The rules that the page breaks, with the elements that break them. */
export async function violations(page) {
  // Not as a script element, which the content security policy forbids.
  await page.evaluate(await readFile(axe, "utf8"));
  const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" ")}`);
}

/** Sends an operation as another client would. */
export async function execute(url, query, variables) {
  const response = await fetch(new URL("/graphql", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()).data;
}
