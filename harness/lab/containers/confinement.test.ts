import { describe, expect, it } from 'vitest'
import { confined, dropsToAnotherUser, isAboutLimits, modest, noLimits, realGateway } from './confinement.ts'

const held = { memory: true, processes: true }

describe('what a container may do', () => {
  it.each([
    ['the suite’s own programs', modest, ['NET_BIND_SERVICE']],
    ['a service of a proxy', dropsToAnotherUser, ['NET_BIND_SERVICE', 'CHOWN', 'SETGID', 'SETUID']],
    ['a real gateway', realGateway, []],
  ])('%s: these capabilities, no new ones, nothing written but in memory, limits', (_who, allowance, capabilities) => {
    expect(confined(allowance, ['/var/lib/x'], held, 0)).toEqual({
      CapDrop: ['ALL'],
      CapAdd: capabilities,
      SecurityOpt: ['no-new-privileges', 'label=disable'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,mode=1777', '/var/lib/x': 'rw,mode=1777,exec' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '2' } },
      Memory: allowance.memory,
      PidsLimit: 1024,
    })
  })

  it('root in a container may read the bound files of an ordinary user', () => {
    expect(confined(modest, [], held, 1000).CapAdd).toEqual(['NET_BIND_SERVICE', 'DAC_OVERRIDE'])
  })

  it('an engine is not asked for a limit that it cannot hold', () => {
    const limits = confined(modest, [], noLimits, 0)
    expect(limits).not.toHaveProperty('Memory')
    expect(limits).not.toHaveProperty('PidsLimit')
    expect(isAboutLimits(new Error('crun: controller `pids` is not available under /sys/fs/cgroup/x'))).toBe(true)
    expect(isAboutLimits(new Error('crun: executable file not found'))).toBe(false)
  })
})
