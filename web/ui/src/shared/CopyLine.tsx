import { useState } from 'react'
import classes from './CopyLine.module.css'

interface CopyLineProps {
  /** What is copied, exactly as shown. */
  text: string
  /** What it is, for the button's name. */
  label: string
}

/** A line to paste elsewhere, with its button. */
export function CopyLine({ text, label }: CopyLineProps) {
  const [said, setSaid] = useState<'copied' | 'failed' | null>(null)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('copied')
    } catch {
      setSaid('failed')
    }
    setTimeout(() => setSaid(null), 2_000)
  }
  return (
    <div className={classes.copy}>
      <code className={classes.text} tabIndex={0}>
        {text}
      </code>
      <button type="button" className={classes.button} onClick={() => void copy()} aria-label={`Copy: ${label}`}>
        {said === 'copied' ? 'Copied' : said === 'failed' ? 'Select it' : 'Copy'}
      </button>
      <span className="spoken" role="status">
        {said === 'copied' ? `${label} copied` : said === 'failed' ? 'Copying is not allowed here: select the text' : ''}
      </span>
    </div>
  )
}
