// Runs inside a container, as its program or imported before it: lets the harness dial from there. Listens on a unix socket (VANTAGE_SOCKET) in a
// folder that only the harness shares, so that it opens no port in the namespace under test. The client writes "host port\n", gets "ok\n" or
// "error ...\n", then raw bytes both ways.
import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const path = process.env.VANTAGE_SOCKET
rmSync(path, { force: true })
const server = createServer({ allowHalfOpen: true }, (client) => {
  client.on('error', () => client.destroy())
  let head = ''
  const onData = (chunk) => {
    head += chunk.toString('latin1')
    const end = head.indexOf('\n')
    if (end < 0) return
    client.off('data', onData)
    const [host, port] = head.slice(0, end).split(' ')
    const rest = Buffer.from(head.slice(end + 1), 'latin1')
    const target = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true })
    target.once('error', (error) => client.end(`error ${error.message}\n`))
    target.once('connect', () => {
      if (client.destroyed) return target.destroy()
      target.removeAllListeners('error')
      target.on('error', () => client.destroy())
      client.on('close', () => target.destroy())
      target.on('close', () => client.destroySoon())
      client.write('ok\n')
      if (rest.length > 0) target.write(rest)
      client.pipe(target)
      target.pipe(client)
    })
  }
  client.on('data', onData)
})
server.listen(path, () => {
  // The harness need not be the container's user.
  chmodSync(path, 0o777)
  console.log('relay ready')
})
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
