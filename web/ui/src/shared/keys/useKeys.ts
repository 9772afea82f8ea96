import { useEffect, useRef, useSyncExternalStore } from 'react'
import { isForPage, match, type Binding } from './match'

/** Keys that belong together, under a heading in the list of keys. */
export interface KeyGroup {
  title: string
  bindings: readonly Binding[]
}

let groups: readonly KeyGroup[] = []
const listeners = new Set<() => void>()

function set(next: readonly KeyGroup[]): void {
  groups = next
  for (const listener of listeners) listener()
}

/** Binds keys for as long as the component is shown. Bindings may be new on every render. */
export function useKeys(title: string, bindings: readonly Binding[]): void {
  const latest = useRef(bindings)
  useEffect(() => {
    latest.current = bindings
  })
  const shape = bindings.map(({ keys, words }) => `${keys}\t${words}`).join('\n')
  useEffect(() => {
    const group: KeyGroup = {
      title,
      bindings: shape === '' ? [] : shape.split('\n').map((line, index) => {
        const [keys = '', words = ''] = line.split('\t')
        return { keys, words, run: () => latest.current[index]?.run() }
      }),
    }
    set([...groups, group])
    return () => set(groups.filter((other) => other !== group))
  }, [title, shape])
}

/** All groups that hold now, for the list of keys. */
export function useKeyGroups(): readonly KeyGroup[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => groups,
  )
}

/** How long the first key of a sequence waits for its second. */
const SEQUENCE_MS = 1_200

/** Hears the keys of the whole page; used once, by the shell. */
export function useKeyboard(): void {
  useEffect(() => {
    let pending: string | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    const hear = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || !isForPage(event, event.target)) return
      const matched = match(groups.flatMap((group) => group.bindings), pending, event.key)
      clearTimeout(timer)
      pending = matched.pending
      if (pending !== null) timer = setTimeout(() => (pending = null), SEQUENCE_MS)
      if (matched.run === null) return
      event.preventDefault()
      matched.run()
    }
    document.addEventListener('keydown', hear)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('keydown', hear)
    }
  }, [])
}
