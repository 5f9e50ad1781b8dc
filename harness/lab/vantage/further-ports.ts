/**
 * Dials again, from another port, while nobody answers; the first connection that opens is taken.
 *
 * A tailnet node without a TUN device has a TCP stack in its process (gVisor), and that one drops every SYN from an address and port whose last
 * connection it closed itself less than 60 s ago: the connection is in TIME-WAIT, and no listening socket is there to take the new one
 * (RFC 9293 3.6.1 allows a new one). Nodes pick their ports at random, so that of some hundred connections one finds such a port, and stays
 * without an answer for longer than any deadline here. Nothing of a case has been sent by then, so nothing is asked twice; a refusal
 * is an answer.
 */
import type { Duplex } from 'node:stream'
import type { Dial } from '../dial.ts'

/** A SYN that was lost is sent again after a second (RFC 6298 2.1); nodes of one machine answer in milliseconds. */
const patienceMs = 1000
/** Within the five seconds of a dial: that three random ports in a row are taken was never seen. */
const attempts = 3

export function dialFromFurtherPorts(dial: Dial, patience = patienceMs): Dial {
  return (host, port) =>
    new Promise((resolve, reject) => {
      let settled = false
      let begun = 0
      let timer: NodeJS.Timeout | undefined
      const settle = (outcome: () => void) => {
        settled = true
        clearTimeout(timer)
        outcome()
      }
      const opened = (stream: Duplex) => {
        if (settled) stream.destroy()
        else settle(() => resolve(stream))
      }
      const failed = (error: Error) => {
        if (!settled) settle(() => reject(error))
      }
      const begin = () => {
        begun += 1
        timer = begun < attempts ? setTimeout(begin, patience) : undefined
        dial(host, port).then(opened, failed)
      }
      begin()
    })
}
