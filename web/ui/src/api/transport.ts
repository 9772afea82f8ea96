/** The one way to the gate: carries the CSRF token, asks for a fresh second factor where the gate wants one, and turns
 * every failure into a problem with words. */
import { problemFrom, ProblemError, unreachable } from './problem'

const session = {
  csrf: null as string | null,
  proveAgain: null as (() => Promise<boolean>) | null,
  onSignedOut: null as (() => void) | null,
}

/** The token of the present sign-in; every changing request carries it. */
export function carryCsrf(token: string | null): void {
  session.csrf = token
}

/** Who asks the person for a code. The promise is true once it is proven, false when they let it be. */
export function onStepUp(prove: () => Promise<boolean>): void {
  session.proveAgain = prove
}

/** What is done when the gate no longer knows the caller. */
export function onSignedOut(leave: () => void): void {
  session.onSignedOut = leave
}

/** Like `fetch`, for the gate. Throws a `ProblemError` unless the answer is a success. A request whose body is too large to
 * be kept for a second try is sent once. */
export async function gateFetch(request: Request, { isOnce = false } = {}): Promise<Response> {
  const isChange = request.method !== 'GET' && request.method !== 'HEAD'
  if (isChange && session.csrf !== null) request.headers.set('X-CSRF-Token', session.csrf)
  const again = isOnce ? null : request.clone()

  const problem = await attempt(request, isChange)
  if (problem instanceof Response) return problem
  if (again !== null && problem.kind === 'step-up' && session.proveAgain !== null && (await session.proveAgain())) {
    const second = await attempt(again, isChange)
    if (second instanceof Response) return second
    throw second
  }
  if (problem.status === 401 && session.csrf !== null) session.onSignedOut?.()
  throw problem
}

async function attempt(request: Request, isChange: boolean): Promise<Response | ProblemError> {
  let response: Response
  try {
    response = await fetch(request)
  } catch (cause) {
    if (request.signal.aborted) throw cause
    return unreachable(isChange)
  }
  if (response.ok) return response
  return problemFrom(response.status, await response.json().catch(() => null))
}
