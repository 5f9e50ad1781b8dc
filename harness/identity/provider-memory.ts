/** What the provider remembers: plain memory, gone with the process. (The provider's own memory adapter warns on every start.) */
import type { Adapter, AdapterPayload } from 'oidc-provider'

/** A store per provider; `adapter` makes the view of one model (Session, Grant, AuthorizationCode, …) on it. */
export function memory(): (model: string) => Adapter {
  const entries = new Map<string, AdapterPayload>()
  const keysOfGrant = new Map<string, string[]>()
  return (model) => {
    const key = (id: string) => `${model}:${id}`
    const findBy = (name: 'uid' | 'userCode', value: string) =>
      [...entries].find(([at, entry]) => at.startsWith(`${model}:`) && entry[name] === value)?.[1]
    return {
      // A run is shorter than any of the lifetimes: `exp` in the entry is enough, nothing needs to be swept.
      async upsert(id, payload) {
        entries.set(key(id), payload)
        if (payload.grantId) keysOfGrant.set(payload.grantId, [...(keysOfGrant.get(payload.grantId) ?? []), key(id)])
      },
      find: async (id) => entries.get(key(id)),
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (userCode) => findBy('userCode', userCode),
      async consume(id) {
        const entry = entries.get(key(id))
        if (entry) entry.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        entries.delete(key(id))
      },
      async revokeByGrantId(grantId) {
        for (const at of keysOfGrant.get(grantId) ?? []) entries.delete(at)
        keysOfGrant.delete(grantId)
      },
    }
  }
}
