import { describe, expect, it } from 'vitest'
import { mutantNamed } from '../../reference-proxy/mutants.ts'
import { startEmbedded } from './embedded.ts'
import { type Listener, listenerAt, missingListener } from './listeners.ts'
import { compared, observe, planAsObserved } from './observed.ts'
import { planReferencePair } from './reference-pair.testing.ts'

const listener = (service: string, port: number, more: Partial<Listener> = {}): Listener => ({
  service,
  host: service,
  port,
  tls: false,
  beside: false,
  ...more,
})

describe('what a case connects to', () => {
  it('is the port that the service has, whatever its number and name', () => {
    const found = [listener('proxy', 9180), listener('vouch', 9090), listener('edge', 18790, { beside: true })]
    expect(listenerAt('auth', found)).toMatchObject({ service: 'vouch', port: 9090 })
    expect(listenerAt('sidecar', found)).toMatchObject({ service: 'edge', port: 18790 })
    expect(listenerAt('auth', [...found, listener('auth', 4180)])).toMatchObject({ service: 'auth' })
  })
  it('is missing where nothing listens, so that no refused connection is taken for a pass', () => {
    expect(missingListener({ to: 'sidecar-tls' }, [listener('edge', 8080, { beside: true })])).toContain('with TLS')
    expect(missingListener({ to: 'auth' }, [listener('proxy', 80)])).toContain('side service')
    expect(missingListener({ to: 'gateway' }, [])).toBeUndefined()
  })
})

describe('features', () => {
  const how = 'it is so'
  it('that are seen count although nobody declared them, and the difference is said', () => {
    const { features, notes } = compared(['public-route'], { h2: { seen: true, how } })
    expect(features).toEqual(['public-route', 'h2'])
    expect(notes).toEqual(['Feature h2 was seen though proxy.yaml does not list it: it is so. Its cases ran.'])
  })
  it('that are declared and not seen are tested all the same', () => {
    const { features, notes } = compared(['h2'], { h2: { seen: false, how } })
    expect(features).toEqual(['h2'])
    expect(notes[0]).toContain('was not seen')
  })

  it('of the reference proxy are seen by asking it', async () => {
    const planned = await planReferencePair(['bypass.**'])
    await using lab = await startEmbedded(planned)
    const look = () =>
      observe(
        { ...planned.variant, features: [] },
        { dial: lab.dial.internet, ca: lab.ca },
        lab.listeners,
        lab.recordings,
      )
    expect((await look()).features).toEqual([
      'h2',
      'public-route',
      'websocket-h2',
      'second-listener',
      'configured-path',
      'exempt-path',
    ])
    await lab.replaceProxy(mutantNamed('public-closed').behaviour)
    expect((await look()).features).toEqual(['h2', 'websocket-h2', 'second-listener', 'configured-path', 'exempt-path'])
    await lab.replaceProxy(mutantNamed('dead').behaviour)
    expect((await look()).features).toEqual(['configured-path', 'exempt-path'])
  })

  it('and listeners decide which cells run', async () => {
    const planned = await planReferencePair(['bypass.auth-service.no-way-on'])
    const needsOf = (listeners: readonly Listener[]) =>
      planAsObserved(planned, { features: [], listeners }).cells.find(({ case: { to } }) => to === 'auth')?.case.needs
    expect(needsOf([listener('auth', 4180)])).toEqual(['auth-service'])
    expect(needsOf([])).toEqual(['auth-service', 'a side service of the proxy that listens in the network'])
  })

  it('and a gateway without a list of users may accept bob, as himself and as nobody else', async () => {
    const planned = await planReferencePair(['spoofing.other-user.forged', 'smuggling.tunnel.connect'])
    const asked = (gatewayFeatures: readonly string[]) =>
      planAsObserved({ ...planned, gatewayFeatures }, { features: [], listeners: [] }).cells.find(
        ({ case: { id } }) => id === 'spoofing.other-user.forged',
      )?.case
    const listed = planned.gatewayFeatures
    expect(listed).toContain('allow-list')
    expect(asked(listed)?.expect.verdict).toEqual({ only: 'nobody' })
    const open = listed.filter((one) => one !== 'allow-list')
    expect(asked(open)?.expect.verdict).toEqual({ only: '{bob}' })
    // A real program cannot show as whom.
    const unrecorded = asked(open.filter((one) => one !== 'recording'))
    expect(unrecorded?.expect.verdict).toEqual({ only: 'nobody' })
    expect(unrecorded?.needs).toContain('allow-list')
  })
})
