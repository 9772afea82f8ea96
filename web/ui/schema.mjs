/**
 * Regenerates src/api/schema.d.ts from the server's own description; another description may be named. With `--check` it
 * writes nothing, and fails when the file is not what it would write.
 */
import { readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const check = process.argv.includes('--check')
const named = process.argv.slice(2).find((word) => word !== '--check')
const source = new URL(named ?? '../api/openapi.json', `file://${process.cwd()}/`)
const description = JSON.parse(await readFile(source, 'utf8'))

// Operations are named by their path here; names that occur twice would collide.
for (const item of Object.values(description.paths)) {
  for (const operation of Object.values(item)) delete operation.operationId
}

const ast = await openapiTS(description, { alphabetize: true })
const file = new URL('src/api/schema.d.ts', import.meta.url)
const schema = astToString(ast)
if (!check) {
  await writeFile(file, schema)
} else if ((await readFile(file, 'utf8')) !== schema) {
  console.error('src/api/schema.d.ts is not what the API describes: run npm run api, and look at what changed')
  process.exit(1)
}
