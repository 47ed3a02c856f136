// A server process that a suite can stop and start again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Starts `command` with `environment` on `port` (0: any). Resolves when it listens. */
export async function started({ command, environment }, port = 0) {
  const program = spawn(command[0], [...command.slice(1), '--port', String(port)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  process.once('exit', () => program.kill('SIGKILL'))
  const ended = once(program, 'exit')
  const output = []
  const address = new Promise((resolve) => {
    createInterface(program.stderr).on('line', (line) => {
      output.push(line)
      const found = line.match(/http:\/\/[\d.]+:(\d+)\/graphql/)
      if (found) resolve(found)
    })
  })
  const found = await Promise.race([address, ended.then(() => null)])
  if (found === null) throw new Error(`The server did not start:\n${output.join('\n')}`)
  return {
    url: found[0],
    port: Number(found[1]),
    /** Resolves when the process has ended by `signal`. */
    async stop(signal) {
      program.kill(signal)
      await ended
    },
  }
}
