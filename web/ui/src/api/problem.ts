/** What the gate says when it has not done something: what happened, and what to do next. */
export interface ProblemWords {
  status: number
  title: string
  what: string
  next: string
  kind: string | null
  reference: string | null
}

/** A request that was not done. `status` 0 means that no answer came. */
export class ProblemError extends Error implements ProblemWords {
  override readonly name = 'ProblemError'
  readonly status: number
  readonly title: string
  readonly what: string
  readonly next: string
  readonly kind: string | null
  readonly reference: string | null

  constructor(words: ProblemWords) {
    super(words.what)
    this.status = words.status
    this.title = words.title
    this.what = words.what
    this.next = words.next
    this.kind = words.kind
    this.reference = words.reference
  }
}

/** Reads an error's body; a body that is no problem (a proxy's page, say) still gets its two sentences. */
export function problemFrom(status: number, body: unknown): ProblemError {
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const text = (name: string): string | null => (typeof given[name] === 'string' && given[name] !== '' ? given[name] : null)
  return new ProblemError({
    status,
    title: text('title') ?? `Status ${status}`,
    what: text('what') ?? `The gate answered with status ${status}`,
    next: text('next') ?? nextFor(status),
    kind: text('kind'),
    reference: text('reference'),
  })
}

function nextFor(status: number): string {
  if (status === 401) return 'Sign in again'
  if (status === 403) return 'Ask an administrator whether your role should allow this'
  if (status === 404) return 'Go back and choose it from the list'
  if (status >= 500) return 'Try again in a minute; if it stays, tell the operator of the gate'
  return 'Look at what you gave, and send it again'
}

/** No answer came at all. A change may or may not have been made: only looking tells. */
export function unreachable(isChange: boolean): ProblemError {
  return new ProblemError({
    status: 0,
    title: 'No answer',
    what: 'The gate did not answer',
    next: isChange
      ? 'Check the network, then look whether the change was made before you repeat it'
      : 'Check the network; this page goes on by itself once the gate answers',
    kind: null,
    reference: null,
  })
}

/** Whatever was thrown, as a problem with words. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  return new ProblemError({
    status: 0,
    title: 'Fault of this page',
    what: 'This page failed',
    next: 'Reload it; if it fails again, tell the operator of the gate what you did',
    kind: null,
    reference: error instanceof Error ? error.message : null,
  })
}

/** A sentence as the gate writes it (no capital, no full stop) made ready to stand by itself. */
export function sentence(words: string): string {
  const trimmed = words.trim()
  if (trimmed === '') return ''
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`
}
