/** What the mutants of `sequence.ts` put around the decision and the gateway. */

import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { HeaderLine } from '../../plan/case.ts'
import { decide } from '../access.ts'
import type { Behaviour } from '../behaviour.ts'
import { valuesOf, without } from '../header-lines.ts'
import type { Asked, AskedBody, Core, GatewayAnswer, GatewayHop, Halves, Outcome } from '../outcome.ts'
import type { AuthAnswer, Authenticate, ProxyRequest } from '../request.ts'

export function remembering(keyOf: (request: ProxyRequest) => string): Behaviour['asking'] {
  return (ask: Authenticate) => {
    const known = new Map<string, AuthAnswer>()
    return (request) => {
      const key = keyOf(request)
      const answer = known.get(key) ?? ask(request)
      if (answer.kind === 'user') known.set(key, answer)
      return answer
    }
  }
}

export function inSharedVariable(ask: Authenticate): ReturnType<Behaviour['asking']> {
  let shared: AuthAnswer = { kind: 'anonymous' }
  return async (request) => {
    shared = ask(request)
    await delay(3)
    return shared
  }
}

/** Whoever is refused is forwarded as nobody; a wrap decides what becomes of it. */
export const refusedForwarded: Pick<Behaviour, 'access'> = {
  access: (answer, exempt) => {
    const access = decide(answer, exempt)
    return access.kind === 'log-in' ? { kind: 'forward-and-log-in' } : access
  },
}

/** The request as it would be forwarded, and its refusal where `refusedForwarded` let it go on. */
async function refused(decideOn: Core, request: ProxyRequest): Promise<{ outcome: Outcome; refusal?: Outcome }> {
  const decided = await decideOn(request)
  if (decided.kind === 'answer' || decided.instead === undefined) return { outcome: decided }
  const { instead, ...outcome } = decided
  return { outcome, refusal: { kind: 'answer', answer: instead } }
}

export function onlyUnderLoad(others: number): Behaviour['wrap'] {
  return ({ decide, gateway }) => {
    let underWay = 0
    const counted = async <Result>(work: () => Promise<Result>) => {
      underWay += 1
      try {
        return await work()
      } finally {
        underWay -= 1
      }
    }
    return {
      async decide(request) {
        const { outcome, refusal } = await refused(decide, request)
        return refusal !== undefined && underWay < others ? refusal : outcome
      },
      gateway: {
        request: (asked, body) => counted(() => gateway.request(asked, body)),
        upgrade: (asked) => counted(() => gateway.upgrade(asked)),
      },
    }
  }
}

/** Runs `on` with the request that was refused, and answers with the refusal when the auth service has spoken, without waiting for `on`. */
function besideRefusal(
  on: (gateway: GatewayHop, asked: Asked, request: ProxyRequest) => Promise<unknown>,
  refusalAfterMs = 0,
) {
  return ({ decide, gateway }: Halves): Halves => ({
    gateway,
    async decide(request) {
      const { outcome, refusal } = await refused(decide, request)
      if (refusal === undefined || outcome.kind === 'answer') return outcome
      const { target, lines } = outcome
      on(gateway, { method: request.method, target, lines }, request).catch(() => undefined)
      await delay(refusalAfterMs)
      return refusal
    },
  })
}

export function forwardingLate(milliseconds: number): Behaviour['wrap'] {
  return besideRefusal(async (gateway, asked, { transport }) => {
    await delay(milliseconds)
    const withoutBody = { ...asked, lines: without('content-length', asked.lines) }
    if (transport === 'websocket') {
      const { response } = await gateway.upgrade(withoutBody)
      response.socket.destroy()
    } else {
      const { body } = await gateway.request(withoutBody)
      body.resume()
    }
  })
}

export const forwardingEarly = besideRefusal(async (gateway, asked, { headers }) => {
  if (!valuesOf('content-length', headers).length) return await gateway.request(asked)
  const body = new PassThrough().on('error', () => undefined)
  // Node sends a head with the first bytes of its body.
  body.write('{')
  // The refusal ends what the head began.
  void delay(20).then(() => body.destroy(new Error('the request was refused')))
  return await gateway.request(asked, { stream: body, chunked: false })
}, 5)

export function asking(change: (asked: Asked) => Asked): Behaviour['wrap'] {
  return ({ decide, gateway }) => ({
    decide,
    gateway: { ...gateway, request: (asked, body) => gateway.request(change(asked), body) },
  })
}

export function changingBody(change: (content: Buffer) => Buffer): Behaviour['wrap'] {
  return ({ decide, gateway }) => ({
    decide,
    gateway: {
      ...gateway,
      async request(asked, body) {
        if (body === undefined) return await gateway.request(asked)
        const content = change(await buffer(body.stream))
        const sized = { ...asked, lines: [...without('content-length', asked.lines), lengthOf(content)] }
        return await gateway.request(sized, { stream: Readable.from([content]), chunked: false })
      },
    },
  })
}

const lengthOf = (content: Buffer): HeaderLine => ['Content-Length', String(content.length)]

/** The whole body is read first, so that `work` can send it as often as it likes. */
export function withContent(
  gateway: GatewayHop,
  work: (send: () => Promise<GatewayAnswer>) => Promise<GatewayAnswer>,
): GatewayHop['request'] {
  return async (asked, body) => {
    const content = body && (await buffer(body.stream))
    const again = (): AskedBody | undefined =>
      content && body && { stream: Readable.from([content]), chunked: body.chunked }
    return await work(() => gateway.request(asked, again()))
  }
}

type Kept = Pick<GatewayAnswer, 'status' | 'statusMessage' | 'lines'> & { readonly content: Buffer }

/** Answers to GET are kept by URL, whatever Cache-Control they carry. */
export function cachingAnswers(where: 'before log-in' | 'after log-in'): Behaviour['wrap'] {
  return ({ decide, gateway }) => {
    const kept = new Map<string, Kept>()
    return {
      async decide(request) {
        const found = request.method === 'GET' ? kept.get(request.target) : undefined
        if (found === undefined || where === 'after log-in') return await decide(request)
        const { status, lines, content } = found
        return { kind: 'answer', answer: { status, headers: lines, body: content.toString('latin1') } }
      },
      gateway: {
        ...gateway,
        async request(asked, body) {
          const found = asked.method === 'GET' && where === 'after log-in' ? kept.get(asked.target) : undefined
          if (found !== undefined) return { ...found, body: Readable.from([found.content]) }
          const { body: stream, ...head } = await gateway.request(asked, body)
          const content = await buffer(stream)
          if (asked.method === 'GET' && head.status < 300) kept.set(asked.target, { ...head, content })
          return { ...head, body: Readable.from([content]) }
        },
      },
    }
  }
}

type Waiting = { readonly answer: GatewayAnswer; readonly take: (other: GatewayAnswer) => void }

/** An answer waits a little for another one, and changes places with it. */
export function swapping(ask: GatewayHop['request']): GatewayHop['request'] {
  let waiting: Waiting | undefined
  return async (asked, body) => {
    const own = await ask(asked, body)
    if (waiting !== undefined) {
      const { answer, take } = waiting
      waiting = undefined
      take(own)
      return answer
    }
    return await new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting = undefined
        resolve(own)
      }, 50)
      waiting = {
        answer: own,
        take: (other) => {
          clearTimeout(timer)
          resolve(other)
        },
      }
    })
  }
}
