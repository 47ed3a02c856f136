// Runs an app on Relay in Chromium, as a page of another origin: node relay_browser.mjs '{"bundle": PATH, ...}'
import { readFile } from 'node:fs/promises'
import { chromium } from '../playground/node_modules/playwright-core/index.mjs'
import { check, given, report } from './checks.mjs'

// Of a page that comes from no address, Chromium would ask whether it may use the local network.
const args = ['--no-sandbox', '--disable-gpu', '--disable-features=LocalNetworkAccessChecks']
const browser = await chromium.launch({ executablePath: given.chromium, args })
const page = await browser.newPage()
await page.route(`${given.origin}/**`, async (route) => {
  const isScript = route.request().url().endsWith('.js')
  const body = isScript ? await readFile(given.bundle) : '<!doctype html><title>App</title><body></body>'
  await route.fulfill({ body, contentType: isScript ? 'text/javascript' : 'text/html' })
})
await page.goto(given.origin)
const run = (name) =>
  page.evaluate(
    async ([given, name]) => {
      window.checks ??= (await import('/main.js')).checks(given)
      await window.checks[name]()
    },
    [given, name],
  )

check('pages_of_messages_make_a_whole_transcript', () => run('pages_of_messages_make_a_whole_transcript'))
check('pages_of_turns_and_items_make_a_whole_thread', () => run('pages_of_turns_and_items_make_a_whole_thread'))
check('an_object_in_the_store_is_found_by_its_id', () => run('an_object_in_the_store_is_found_by_its_id'))

process.once('exit', () => browser.close())
await report()
