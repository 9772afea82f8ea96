import { Button, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import classes from '../MyWindows.module.css'
import type { PlannedFile } from './draft'
import { MOST_HASHED, sha256Of } from './hash'

interface PlannedFilesProps {
  files: readonly PlannedFile[]
  onChange: (files: PlannedFile[]) => void
  error?: string | undefined
}

const EMPTY: PlannedFile = { name: '', sha256: '' }

/** The files that will be uploaded, by name and hash. A chosen file is hashed here, and does not leave the machine. */
export function PlannedFiles({ files, onChange, error }: PlannedFilesProps) {
  const picker = useRef<HTMLInputElement>(null)
  const [isHashing, setHashing] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const set = (place: number, part: Partial<PlannedFile>): void =>
    onChange(files.map((file, at) => (at === place ? { ...file, ...part } : file)))

  const choose = async (chosen: readonly File[]): Promise<void> => {
    setHashing(true)
    setProblem(null)
    const added: PlannedFile[] = []
    for (const file of chosen) {
      try {
        added.push({ name: file.name, sha256: await sha256Of(file) })
      } catch (cause) {
        setProblem(`${file.name}: ${cause instanceof Error ? cause.message : 'it cannot be read'}`)
      }
    }
    onChange([...files.filter(({ name, sha256 }) => name !== '' || sha256 !== ''), ...added])
    setHashing(false)
  }

  return (
    <fieldset className={classes.plan}>
      <legend>Files that will be uploaded</legend>
      <p className={classes.about}>
        With them in the plan, every other upload raises an alert. Choose a file and its SHA-256 is computed here, up to{' '}
        {MOST_HASHED >> 30} GiB; the file itself stays on your machine.
      </p>
      {files.map((file, place) => (
        <div key={place} className={classes.planned}>
          <TextInput
            aria-label={`Name of file ${place + 1}`}
            placeholder="patch-12.1.4.bin"
            spellCheck={false}
            value={file.name}
            onChange={(event) => set(place, { name: event.currentTarget.value })}
          />
          <TextInput
            aria-label={`SHA-256 of file ${place + 1}`}
            placeholder="SHA-256"
            spellCheck={false}
            value={file.sha256}
            onChange={(event) => set(place, { sha256: event.currentTarget.value })}
          />
          <Button
            variant="subtle"
            color="gray"
            onClick={() => onChange(files.filter((_, at) => at !== place))}
            aria-label={`Leave out file ${place + 1}`}
          >
            Leave out
          </Button>
        </div>
      ))}
      {(error ?? problem) && <p className="fault">{error ?? problem}</p>}
      <div className={classes.console}>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files to put into the plan"
          onChange={({ currentTarget }) => {
            void choose([...(currentTarget.files ?? [])])
            currentTarget.value = ''
          }}
        />
        <Button variant="default" size="xs" loading={isHashing} onClick={() => picker.current?.click()}>
          Choose files…
        </Button>
        <Button variant="subtle" size="xs" onClick={() => onChange([...files, EMPTY])}>
          Add a line by hand
        </Button>
      </div>
    </fieldset>
  )
}
