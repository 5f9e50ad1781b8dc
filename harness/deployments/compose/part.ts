/** One service of a compose file as a service of a proxy.yaml. */
import type { Recipe } from '../../plan/recipes.ts'
import type { ServiceFile } from '../../plan/service-schema.ts'
import type { Note } from '../deployment.ts'
import { imageOf, knownProgram, nearestVersion } from '../image.ts'
import type { ComposeService } from './service.ts'

/** Where the program of a service comes from and with which arguments it starts. */
export function programOf(
  service: ComposeService,
  recipes: readonly Recipe[],
): Pick<ServiceFile, 'title' | 'version' | 'pull' | 'build' | 'command' | 'arguments' | 'ready'> {
  const image = imageOf(service.image)
  const known = knownProgram(image, recipes)
  const { entrypoint, command } = service
  if (known === undefined)
    return {
      title: service.image,
      version: image.tag || 'latest',
      pull: service.image,
      ...(entrypoint && entrypoint.length > 0
        ? { command: [...entrypoint, ...(command ?? [])] }
        : { arguments: [...(command ?? [])] }),
      ready: readinessOf(service),
    }
  const { recipe, version } = known
  const whole = wholeCommand(service, recipe)
  const nearest = version === undefined && !('harness' in recipe.build) ? nearestVersion(image.tag, recipe) : undefined
  if (version === undefined && nearest !== undefined)
    return { build: { recipe: recipe.name }, version: nearest, pull: service.image, command: whole }
  if (version === undefined)
    return {
      title: recipe.title,
      version: image.tag,
      pull: service.image,
      command: whole,
      ready: recipe.ready ?? readinessOf(service),
    }
  const isStandIn = 'harness' in recipe.build
  return {
    build: { recipe: recipe.name },
    version,
    ...(!isStandIn && { pull: service.image, command: whole }),
  }
}

/** Where the program of a service may be of another version than its image. */
export function otherVersion(service: ComposeService, recipes: readonly Recipe[]): Omit<Note, 'place'> | undefined {
  const image = imageOf(service.image)
  const known = knownProgram(image, recipes)
  if (known === undefined || known.version !== undefined || 'harness' in known.recipe.build) return undefined
  const nearest = nearestVersion(image.tag, known.recipe)
  return nearest === undefined
    ? undefined
    : {
        kind: 'replaced',
        text: `${service.name}: where ${service.image} cannot be pulled, ${known.recipe.title} ${nearest} is in its place, the nearest that can be built: what the two do otherwise is not seen`,
      }
}

/** An image's entry point puts its program before arguments that begin with a hyphen, and takes anything else as a command of its own. */
function wholeCommand({ entrypoint, command }: ComposeService, recipe: Recipe): string[] {
  if (entrypoint !== undefined && entrypoint.length > 0) return [...entrypoint, ...(command ?? [])]
  if (command === undefined || command.length === 0) return [...recipe.program, ...(recipe.arguments ?? [])]
  return command[0]?.startsWith('-') ? [recipe.program[0] ?? recipe.name, ...command] : [...command]
}

/** The arguments alone, as the program reads them. */
export const argumentsOf = ({ entrypoint = [], command = [] }: ComposeService) => [...entrypoint, ...command]

/** Of a program that nobody here knows: a port that it says it has, else its first line of log. */
function readinessOf({ ports, exposed }: ComposeService): NonNullable<ServiceFile['ready']> {
  const port = ports[0]?.target ?? exposed[0]
  return port === undefined ? { log: '.' } : { port }
}
