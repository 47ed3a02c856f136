// Named checks, which run one after another; their outcomes are printed as one JSON object for pytest.

// Ends a check that hangs.
const TIMEOUT_MILLISECONDS = 60_000
const checks = new Map()

/** The arguments from pytest: addresses, a token, a command. */
export const given = JSON.parse(process.argv[2])

/** Registers a check. pytest finds the names by reading the file, so they are written out, one a line. */
export function check(name, run) {
  checks.set(name, run)
}

/** Runs all checks, prints an object of names and errors (null for success) and ends the process. */
export async function report() {
  const outcomes = {}
  for (const [name, run] of checks) {
    outcomes[name] = await withTimeout(TIMEOUT_MILLISECONDS, run()).then(() => null, describeError)
  }
  process.stdout.write(JSON.stringify(outcomes), () => process.exit())
}

/** `promise`, rejected when it takes too long. */
function withTimeout(milliseconds, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function describeError(error) {
  // graphql-ws rejects with events of a socket and with lists of GraphQL errors.
  if (error instanceof Error) return error.stack
  if (error?.type) return `${error.type} of a websocket: ${error.message ?? `${error.code} ${error.reason}`}`
  return JSON.stringify(error)
}
