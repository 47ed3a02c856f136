// Preloaded with --import: the clients get GraphQL.js 17 instead of 16, which other packages of this folder need.
import { register } from 'node:module'

register('./graphql17_hooks.mjs', import.meta.url)
