import { useRef } from 'react'
import { Button } from '@mantine/core'
import { apiSend, ProblemPanel, useAct } from '#frame'
import { SentFiles, type SentFile } from '../shared/window/SentFiles'
import { windowActs } from '../shared/window/acts'
import type { WindowView } from '../shared/window/queries'

interface SendFilesProps {
  window: WindowView
  /** Whether files can still be sent for it. */
  canSend: boolean
}

/** My files for the visit: sent ahead from here, released in the visit. */
export function SendFiles({ window, canSend }: SendFilesProps) {
  const picker = useRef<HTMLInputElement>(null)
  const send = useAct(['windows'], async (files: File[]) => {
    for (const file of files) {
      await apiSend(`/api/windows/${window.id}/files?name=${encodeURIComponent(file.name)}`, file)
    }
  })
  const takeBack = useAct(['windows'], (file: SentFile) => windowActs.takeBack(window.id, file.id))
  const problem = send.error ?? takeBack.error
  return (
    <>
      {problem && <ProblemPanel error={problem} />}
      <SentFiles
        window={window}
        aside={
          canSend && (
            <>
              <input
                ref={picker}
                type="file"
                multiple
                hidden
                aria-label="Files to send ahead"
                onChange={({ currentTarget }) => {
                  send.mutate([...(currentTarget.files ?? [])])
                  currentTarget.value = ''
                }}
              />
              <Button size="xs" loading={send.isPending} onClick={() => picker.current?.click()}>
                Send files ahead…
              </Button>
            </>
          )
        }
        acts={(file) =>
          canSend &&
          file.state === 'clean' && (
            <Button size="xs" variant="default" disabled={takeBack.isPending} onClick={() => takeBack.mutate(file)}>
              Take back
            </Button>
          )
        }
      />
    </>
  )
}
