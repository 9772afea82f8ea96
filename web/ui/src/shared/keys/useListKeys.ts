import { useEffect, useRef, useState, type RefObject } from 'react'
import { useKeys } from './useKeys'

interface ListKeys {
  /** Which row is chosen, -1 for none. */
  chosen: number
  /** For the element whose children marked `data-row` are the rows. */
  listRef: RefObject<HTMLDivElement | null>
}

/** j and k walk a list, Enter or o opens what is chosen. */
export function useListKeys(count: number, open: (index: number) => void): ListKeys {
  const [at, setAt] = useState(-1)
  const listRef = useRef<HTMLDivElement>(null)
  const chosen = Math.min(at, count - 1)

  useEffect(() => {
    listRef.current?.querySelectorAll('[data-row]')[chosen]?.scrollIntoView({ block: 'nearest' })
  }, [chosen])

  useKeys('This list', [
    { keys: 'j', words: 'Next', run: () => setAt(Math.min(chosen + 1, count - 1)) },
    { keys: 'k', words: 'Previous', run: () => setAt(Math.max(chosen - 1, 0)) },
    { keys: 'o', words: 'Open what is chosen', run: () => chosen >= 0 && open(chosen) },
  ])
  return { chosen, listRef }
}
