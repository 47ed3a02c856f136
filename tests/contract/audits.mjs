// The audits of graphql-http, the reference suite of GraphQL over HTTP, by their ids.
import { serverAudits } from 'graphql-http'
import { check, given, report } from './checks.mjs'

for (const audit of serverAudits({ url: given.url, fetchFn: fetch })) {
  check(audit.id, async () => {
    const { status, reason, response } = await audit.fn()
    if (status === 'ok') return
    const { status: code, headers } = response ?? {}
    throw new Error(`${audit.name}: ${status}: ${reason} (HTTP ${code}, ${headers?.get('content-type')})`)
  })
}
await report()
