import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react'
import type { ChannelScreen } from './screen'
import { Transcript, type Passage } from './transcript'
import classes from './TranscriptView.module.css'

interface TranscriptViewProps {
  label: string
  ref: Ref<ChannelScreen>
}

interface Shown {
  passages: readonly Passage[]
  isCut: boolean
}

/** Output of a program that had no terminal, as text; error output is marked by a bar and a word, not by colour alone. */
export function TranscriptView({ label, ref }: TranscriptViewProps) {
  const transcript = useRef(new Transcript())
  const [shown, setShown] = useState<Shown>({ passages: [], isCut: false })
  const end = useRef<HTMLDivElement>(null)
  const frame = useRef(0)

  useImperativeHandle(ref, () => {
    const refresh = (): void => {
      cancelAnimationFrame(frame.current)
      frame.current = requestAnimationFrame(() => {
        setShown({ passages: transcript.current.passages, isCut: transcript.current.isCut })
      })
    }
    return {
      show: (_columns, _rows, screen) => {
        transcript.current = new Transcript()
        transcript.current.add(screen, false)
        refresh()
      },
      output: (bytes, isError) => {
        transcript.current.add(bytes, isError)
        refresh()
      },
      resize: () => undefined,
      text: () => transcript.current.passages.map((passage) => passage.text).join(''),
    }
  }, [])

  useEffect(() => {
    const list = end.current?.parentElement
    if (list) list.scrollTop = list.scrollHeight
  }, [shown])

  return (
    <div className={classes.transcript} role="region" aria-label={label} tabIndex={0}>
      {shown.isCut && <p className={classes.note}>The beginning is left out here; an export has all of it.</p>}
      {shown.passages.length === 0 && <p className={classes.note}>No output yet.</p>}
      {shown.passages.map((passage, index) =>
        passage.isError ? (
          <div key={index} className={classes.error}>
            <span className={classes.mark}>stderr</span>
            <pre className={classes.text}>{passage.text}</pre>
          </div>
        ) : (
          <pre key={index} className={classes.text}>
            {passage.text}
          </pre>
        ),
      )}
      <div ref={end} />
    </div>
  )
}
