import { Button, SegmentedControl } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import { Answer } from '#frame'
import { bytesWords } from '../player/timeline'
import { hexLines, imageType, looksOf, MOST_HEX, MOST_TEXT, textOf, type Look } from './body'
import { MOST_SHOWN, useBody, type BodyOf } from './transactions'
import classes from './Transactions.module.css'

interface BodyViewProps {
  session: string
  place: number
  of: BodyOf
  /** Bytes that passed. */
  bytes: number
  sha256: string | null
  media: string
}

/** A body: fetched when it is asked for, shown as text, image or bytes, and never run. */
export function BodyView({ session, place, of, bytes, sha256, media }: BodyViewProps) {
  const [isWanted, setWanted] = useState(bytes > 0 && bytes <= 65_536)
  const body = useBody(session, place, of, isWanted)
  if (bytes === 0) return <p className={classes.notes}>No body.</p>
  return (
    <>
      <p className={classes.notes}>
        {bytesWords(bytes)} as it passed{sha256 && ', SHA-256 '}
        {sha256 && <code className={classes.print}>{sha256}</code>}
      </p>
      {isWanted ? (
        <Answer of={body} lines={2}>
          {(found) => <Shown bytes={found} media={media} label={of === 'request' ? 'Body of the request' : 'Body of the answer'} />}
        </Answer>
      ) : (
        <div>
          <Button size="xs" variant="default" onClick={() => setWanted(true)}>
            Show the body
          </Button>
        </div>
      )}
    </>
  )
}

const WORDS: Record<Look, string> = { text: 'Text', image: 'Image', hex: 'Bytes' }

function Shown({ bytes, media, label }: { bytes: Uint8Array; media: string; label: string }) {
  const looks = useMemo(() => looksOf(bytes, media), [bytes, media])
  const [chosen, setChosen] = useState<Look | null>(null)
  const look = chosen ?? looks[0] ?? 'hex'
  if (bytes.length === 0) return <p className={classes.notes}>Nothing of it was recorded.</p>
  return (
    <>
      <div className={classes.bar}>
        {looks.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label={`${label}, shown as`}
            data={looks.map((value) => ({ value, label: WORDS[value] }))}
            value={look}
            onChange={(value) => setChosen(value as Look)}
          />
        )}
        <span>{bytesWords(bytes.length)} without content coding</span>
        {bytes.length >= MOST_SHOWN && <span>The first {bytesWords(MOST_SHOWN)}; an export has all that was recorded.</span>}
      </div>
      {look === 'image' && <Image bytes={bytes} label={label} />}
      {look === 'text' && <Text bytes={bytes} media={media} label={label} />}
      {look === 'hex' && (
        <>
          <pre className={`${classes.body} ${classes.hex}`} tabIndex={0} role="region" aria-label={`${label}, byte by byte`}>
            {hexLines(bytes)}
          </pre>
          {bytes.length > MOST_HEX && <p className={classes.notes}>The first {bytesWords(MOST_HEX)}.</p>}
        </>
      )}
    </>
  )
}

function Text({ bytes, media, label }: { bytes: Uint8Array; media: string; label: string }) {
  const text = useMemo(() => textOf(bytes, media) ?? '', [bytes, media])
  return (
    <>
      <pre className={classes.body} tabIndex={0} role="region" aria-label={label}>
        {text.slice(0, MOST_TEXT)}
      </pre>
      {text.length > MOST_TEXT && <p className={classes.notes}>The beginning of it; an export has all that was recorded.</p>}
    </>
  )
}

/** Drawn from the bytes themselves, as what their beginning says they are: an image can neither run nor load anything. */
function Image({ bytes, label }: { bytes: Uint8Array; label: string }) {
  const [address, setAddress] = useState<string | null>(null)
  const [isBroken, setBroken] = useState(false)
  useEffect(() => {
    const type = imageType(bytes)
    if (!type) return
    const made = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }))
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [bytes])
  if (isBroken) return <p className={classes.notes}>It begins as an image does, and cannot be drawn.</p>
  if (!address) return null
  return (
    <div>
      <img className={classes.image} src={address} alt={label} onError={() => setBroken(true)} />
    </div>
  )
}
