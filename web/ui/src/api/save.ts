/** Files that the browser keeps: fetched piece by piece, so that one who waits sees that it comes. */
import { ProblemError } from './problem'
import { gateFetch } from './transport'

/** Fetches a file and hands it to the browser. Tells how many bytes have come; returns how many there were. A file that
 * breaks off is never handed over. */
export async function saveFile(request: Request, fileName: string, onBytes?: (bytes: number) => void): Promise<number> {
  const response = await gateFetch(request)
  const file = await whole(response, onBytes)
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = fileNameOf(response.headers.get('content-disposition')) ?? fileName
  link.click()
  URL.revokeObjectURL(address)
  return file.size
}

/** The name that the gate gives a file. */
export function fileNameOf(disposition: string | null): string | null {
  const name = /filename="([^"/\\]+)"/.exec(disposition ?? '')?.[1]
  return name ?? null
}

async function whole(response: Response, onBytes: ((bytes: number) => void) | undefined): Promise<Blob> {
  let bytes = 0
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, on) {
      bytes += piece.byteLength
      onBytes?.(bytes)
      on.enqueue(piece)
    },
  })
  try {
    // The browser keeps the pieces where it keeps files, not this page.
    return await new Response(response.body?.pipeThrough(counted) ?? null, { headers: response.headers }).blob()
  } catch {
    throw brokenOff(bytes)
  }
}

function brokenOff(bytes: number): ProblemError {
  return new ProblemError({
    status: 0,
    title: 'Broken off',
    what: `The file broke off after ${bytes} bytes, and was not kept`,
    next: 'Take it again; if it breaks off at the same place, tell the operator of the gate',
    kind: null,
    reference: null,
  })
}
