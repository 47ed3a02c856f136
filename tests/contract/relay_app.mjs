// Runs an app on Relay's runtime in a document of happy-dom: node relay_app.mjs '{"bundle": PATH, ...}'
import { Window } from 'happy-dom'
import WebSocket from 'ws'
import { check, given, report } from './checks.mjs'

const window = new Window({ url: given.url })
Object.assign(globalThis, { window, document: window.document, WebSocket })

const { checks } = await import(given.bundle)
const named = checks(given)

check('pages_of_messages_make_a_whole_transcript', () => named.pages_of_messages_make_a_whole_transcript())
check('pages_of_turns_and_items_make_a_whole_thread', () => named.pages_of_turns_and_items_make_a_whole_thread())
check('an_object_in_the_store_is_found_by_its_id', () => named.an_object_in_the_store_is_found_by_its_id())

await report()
