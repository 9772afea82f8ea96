import createClient from 'openapi-fetch'
import type { components, paths } from './schema'
import { gateFetch } from './transport'

/** The gate's API, typed by its own description. Every call rejects with a `ProblemError` when it was not done. */
export const api = createClient<paths>({ fetch: gateFetch })

/** A schema of the API by its name. */
export type Wire<Name extends keyof components['schemas']> = components['schemas'][Name]

/** The body of an answer. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer
  return data as T
}

/** A read by its path, for answers that are not in the description. */
export async function apiGet<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await gateFetch(new Request(path, { signal: signal ?? null }))
  return (await response.json()) as T
}

/** A change by its path; an empty answer is `undefined`. */
export async function apiAct<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await gateFetch(
    new Request(path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    }),
  )
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** Sends a file as it is, from the disk. */
export async function apiSend<T>(path: string, file: File): Promise<T> {
  const request = new Request(path, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file })
  return (await (await gateFetch(request, { isOnce: true })).json()) as T
}

/** Fetches a file and hands it to the browser to keep; asks for a fresh second factor like every other request. */
export async function apiDownload(path: string, fileName: string): Promise<void> {
  const response = await gateFetch(new Request(path))
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  URL.revokeObjectURL(address)
}
