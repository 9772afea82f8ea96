import type { ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { Wire } from '../../api/client'
import { DataTable } from '../DataTable'
import { Panel } from '../Panel'
import { Tag } from '../Tag'
import { Moment } from '../time/Moment'
import { sizeWords } from './size'
import { sentFilesQuery, type WindowView } from './queries'

export type SentFile = Wire<'SentFileView'>

interface SentFilesProps {
  window: WindowView
  /** Where files can be sent. */
  aside?: ReactNode
  /** What can be done with a file. */
  acts?: (file: SentFile) => ReactNode
}

/** The files that were sent ahead, with what the scanner says of each. Nothing where there is none and none can be sent. */
export function SentFiles({ window, aside, acts }: SentFilesProps) {
  const { data: files = [] } = useQuery(sentFilesQuery(window.id))
  if (files.length === 0 && !aside) return null
  return (
    <Panel title="Files sent ahead" aside={aside}>
      {files.length === 0 ? (
        <p className="dim">None yet. A file is hashed and scanned when it comes, and waits here for the visit.</p>
      ) : (
        <DataTable
          label="Files sent ahead"
          rows={files}
          keyOf={({ id }) => id}
          columns={[
            { head: 'Name', cell: ({ name }) => name },
            { head: 'Size', cell: ({ size_bytes }) => sizeWords(size_bytes), isRight: true },
            { head: 'SHA-256', cell: ({ sha256 }) => <code>{sha256}</code> },
            ...(files.some(({ planned }) => planned) ? [{ head: 'Plan', cell: (file: SentFile) => <Plan file={file} /> }] : []),
            { head: 'Scan', cell: (file) => <Scan file={file} /> },
            { head: 'Sent', cell: (file) => <Sent file={file} window={window} /> },
            ...(acts ? [{ head: 'Acts', cell: acts, isActs: true }] : []),
          ]}
        />
      )}
    </Panel>
  )
}

function Plan({ file }: { file: SentFile }) {
  switch (file.planned) {
    case 'file-as-planned':
      return <Tag tone="good">As planned</Tag>
    case 'file-other-content':
      return <Tag tone="bad">Other content than planned</Tag>
    default:
      return <Tag tone="warn">Not in the plan</Tag>
  }
}

function Scan({ file }: { file: SentFile }) {
  switch (file.state) {
    case 'clean':
      return <Tag tone="good">Nothing found</Tag>
    case 'refused':
      return <Tag tone="bad">{`Refused: ${file.found ?? 'not scanned'}`}</Tag>
    case 'withdrawn':
      return <Tag>Taken back</Tag>
    default:
      return <Tag>Thrown away</Tag>
  }
}

function Sent({ file, window }: { file: SentFile; window: WindowView }) {
  return (
    <>
      {file.sent_by}, <Moment at={file.sent} />
      {isUnseen(file, window) && (
        <div>
          <Tag tone="warn">After the approval</Tag>
        </div>
      )}
      {file.released && (
        <div className="dim">
          On the server since <Moment at={file.released} />: {file.released_to}
        </div>
      )}
    </>
  )
}

/** Whether everybody had said yes before the file came. */
function isUnseen(file: SentFile, { approvals }: WindowView): boolean {
  return approvals.length > 0 && approvals.every(({ at }) => Date.parse(at) < Date.parse(file.sent))
}
