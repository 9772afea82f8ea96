/** Recomputing the ledger, which tells line by line how far it is. */
import type { Wire } from '#frame'
import { problemFrom } from '../../api/problem'
import { gateFetch } from '../../api/transport'

export type LedgerVerdict = Wire<'LedgerVerdict'>

export interface Far {
  facts: number
  of: number
}

type Line = { verdict: LedgerVerdict } | { problem: { status?: number } } | Far

/** Verifies the ledger; says how far it is until there is a verdict. */
export async function verifyLedger(onFar: (far: Far) => void): Promise<LedgerVerdict> {
  const response = await gateFetch(
    new Request('/api/ledger/verify', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ progress: true }),
    }),
  )
  for await (const line of linesOf(response.body)) {
    const told = JSON.parse(line) as Line
    if ('verdict' in told) return told.verdict
    if ('problem' in told) throw problemFrom(told.problem.status ?? 500, told.problem)
    onFar(told)
  }
  throw problemFrom(0, { what: 'the verification broke off', next: 'verify again' })
}

/** The lines of a body as they come; what comes last without its end is a line too. */
export async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (body === null) return
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
    if (done) break
  }
  if (rest !== '') yield rest
}
