/** Whether a user without any rights of its own can come to a path. */
import { access, constants, realpath, stat } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'

const enterOrRun = 0o001

/** Every folder on the way, and the path itself, by the permissions for others. Links are resolved first. */
export async function reachableForAll(path: string): Promise<boolean> {
  let place: string | undefined = await realpath(path)
  while (place !== undefined) {
    if (((await stat(place)).mode & enterOrRun) === 0) return false
    place = place === dirname(place) ? undefined : dirname(place)
  }
  return true
}

/** All programs of this name on PATH, in its order. */
export async function programPaths(name: string): Promise<string[]> {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  const there = await Promise.all(
    paths.map((path) =>
      access(path, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return paths.filter((_, index) => there[index])
}

/** The first program of this name on PATH. */
export async function programPath(name: string): Promise<string | undefined> {
  return (await programPaths(name))[0]
}
