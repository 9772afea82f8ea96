import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Components that are drawn by the styles of others. */
const BORROWED: Record<string, string> = {
  NativeSelect: 'Input',
  Select: 'Combobox',
  Textarea: 'Input',
  TextInput: 'Input',
}

const NOT_DRAWN = new Set(['MantineProvider'])

function sources(folder: URL): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
}

test('every Mantine component in use has its styles', () => {
  const root = new URL('../', import.meta.url)
  const styles = readFileSync(new URL('mantine-styles.ts', import.meta.url), 'utf8')
  const imported = sources(root)
    .flatMap((text) => [...text.matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)])
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => /^[A-Z]/.test(name) && !NOT_DRAWN.has(name))

  const missing = [...new Set(imported)].filter((name) => !styles.includes(`/${BORROWED[name] ?? name}.layer.css`))
  expect(imported).toContain('Button')
  expect(missing).toEqual([])
})
