/** Keys of the page: single (`j`, `?`) or one after another (`g q`). */

export interface Binding {
  /** `j`, `?`, `Enter`, or `g q` for one after another. */
  keys: string
  /** What it does, for the list of keys. */
  words: string
  run: () => void
}

export interface Matched {
  run: (() => void) | null
  /** The first key of a sequence that waits for its second. */
  pending: string | null
}

/** What a key does after what was pressed before it. Later bindings win: the page's over the frame's. */
export function match(bindings: readonly Binding[], pending: string | null, key: string): Matched {
  const whole = pending === null ? key : `${pending} ${key}`
  const found = bindings.findLast((binding) => binding.keys === whole)
  if (found) return { run: found.run, pending: null }
  if (pending !== null) return match(bindings, null, key)
  const begins = bindings.some((binding) => binding.keys.startsWith(`${key} `))
  return { run: null, pending: begins ? key : null }
}

interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** Whether a key press is meant for the page: not typed into a field, not for an open dialog, no chord. */
export function isForPage(pressed: Pressed, target: EventTarget | null): boolean {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return false
  if (!(target instanceof HTMLElement)) return true
  if (target.isContentEditable || target.closest('[role="dialog"], [role="menu"], [role="listbox"]')) return false
  const field = target.closest('input, textarea, select')
  return field === null || (field instanceof HTMLInputElement && (field.type === 'checkbox' || field.type === 'radio'))
}
