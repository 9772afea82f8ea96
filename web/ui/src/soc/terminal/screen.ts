import type { PlayerScreen } from '../player/player-state'

/** Where a channel is drawn: a terminal, or a transcript for programs that had none. */
export interface ChannelScreen extends PlayerScreen {
  /** What can be read there now. */
  text(): string
}
