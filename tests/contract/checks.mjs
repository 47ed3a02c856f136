// Named checks, run one after another; what became of each is printed as one JSON object for pytest.

// Generous: it ends a check that hangs, it measures nothing.
const PATIENCE = 60_000
const checks = new Map()

/** What pytest hands over: addresses, a token, a command. */
export const given = JSON.parse(process.argv[2])

/** Registers a check. pytest finds the names by reading the file, so they are written out, one a line. */
export function check(name, run) {
  checks.set(name, run)
}

/** Runs all checks, prints `{name: null or what went wrong}` and ends the process. */
export async function report() {
  const outcomes = {}
  for (const [name, run] of checks) {
    outcomes[name] = await within(PATIENCE, run()).then(() => null, complaint)
  }
  process.stdout.write(JSON.stringify(outcomes), () => process.exit())
}

/** `promise`, rejected when it takes too long. */
function within(milliseconds, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function complaint(error) {
  // graphql-ws rejects with events of a socket and with lists of GraphQL errors.
  if (error instanceof Error) return error.stack
  if (error?.type) return `${error.type} of a websocket: ${error.message ?? `${error.code} ${error.reason}`}`
  return JSON.stringify(error)
}
