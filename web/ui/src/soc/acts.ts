/** What a person does on the SOC's desk. Each act names the topics whose views it changes. */
import { apiAct, apiDownload, useAct } from '#frame'
import type { DispositionWords } from './alert/disposition'
import type { AlertView, DestinationView, RecordingVerdict, SessionView } from './wire'

export function useTakeAlert() {
  return useAct(['alerts'], ({ id }: { id: string }) =>
    apiAct<AlertView>('POST', `/api/alerts/${id}/acknowledge`, { reason: '' }),
  )
}

export interface Closing {
  id: string
  disposition: DispositionWords['value']
  note: string
}

export function useCloseAlert() {
  return useAct(['alerts'], ({ id, disposition, note }: Closing) =>
    apiAct<AlertView>('POST', `/api/alerts/${id}/close`, { disposition, note }),
  )
}

export type VisitAct = 'pause' | 'resume' | 'stop'

export function useVisitAct() {
  return useAct(['sessions'], ({ id, act, reason }: { id: string; act: VisitAct; reason: string }) =>
    apiAct<SessionView>('POST', `/api/sessions/${id}/${act}`, { reason }),
  )
}

export type LockOn = 'people' | 'vendors'

export function useLock() {
  return useAct(['people', 'vendors', 'sessions'], ({ on, name, reason }: { on: LockOn; name: string; reason: string }) =>
    apiAct<unknown>('POST', `/api/${on}/${encodeURIComponent(name)}/lock`, { reason }),
  )
}

/** Looking at evidence is itself a fact in the ledger; nothing is verified before somebody asks. */
export function useVerify(session: string) {
  return useAct([], (_now: undefined) => apiAct<RecordingVerdict>('POST', `/api/recordings/${session}/verify`, {}))
}

export const EXPORTS = [
  { format: 'asciicast-v3', suffix: 'cast', words: 'For players of terminal recordings (.cast)' },
  { format: 'asciicast-v2', suffix: 'v2.cast', words: 'For older players of terminal recordings (.cast, version 2)' },
  { format: 'txt', suffix: 'txt', words: 'What was on the screen, as text (.txt)' },
  { format: 'jsonl', suffix: 'jsonl', words: 'Every record as a line of JSON (.jsonl)' },
  { format: 'har', suffix: 'har', words: 'Web requests, for a browser’s developer tools (.har)' },
  { format: 'pcapng', suffix: 'pcapng', words: 'Tunnels and TLS as packets, for Wireshark (.pcapng)' },
  { format: 'files', suffix: 'tar', words: 'The bytes of each stream as files (.tar)' },
  { format: 'chap', suffix: 'chap', words: 'The sealed recording, for chaperone-verify (.chap)' },
] as const

export type Export = (typeof EXPORTS)[number]

export function useExport(session: string) {
  return useAct([], ({ format, suffix, reason }: Export & { reason: string }) =>
    apiDownload(
      `/api/recordings/${session}/export?format=${format}&reason=${encodeURIComponent(reason)}`,
      `${session}.${suffix}`,
    ),
  )
}

export interface NewDestination {
  name: string
  kind: 'syslog' | 'webhook'
  url: string
  secret?: string
  all_events: boolean
}

export function useAddDestination() {
  return useAct(['destinations'], (destination: NewDestination) =>
    apiAct<DestinationView>('POST', '/api/destinations', destination),
  )
}

export function useRemoveDestination() {
  return useAct(['destinations'], ({ name }: { name: string }) =>
    apiAct<DestinationView>('DELETE', `/api/destinations/${encodeURIComponent(name)}`),
  )
}

export function useTestDestination() {
  return useAct(['destinations'], ({ name }: { name: string }) =>
    apiAct<DestinationView>('POST', `/api/destinations/${encodeURIComponent(name)}/test`, {}),
  )
}
