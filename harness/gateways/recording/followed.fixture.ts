/** Every set of rules that the reference gateway can follow: the profiles, and the real versions with what is different in them. */

import { namesOf, type Who } from '../contract/vector.ts'
import { gatewayPrograms } from '../programs.ts'
import { type Profile, profileNames, profiles } from '../rules/profiles.ts'

export const followed: readonly { readonly title: string; readonly rules: Profile; readonly names: readonly Who[] }[] =
  [
    ...profileNames.map((name) => ({ title: name, rules: profiles[name], names: [name] })),
    ...gatewayPrograms.map((program) => ({
      title: `${program.name} ${program.version}`,
      rules: program.rules,
      names: namesOf(program),
    })),
  ]
