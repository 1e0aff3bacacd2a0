// What the channel showed earlier in the talk, from the segments on disk, as late as one wants.

import { type Path, type PathFailed, silentVideo } from "./path";
import { Playlist } from "./playlist";

export class Rewind implements Path {
  readonly name = "rewind";
  private readonly playlist: Playlist;

  /** Begins at the broadcast time `from`. */
  constructor(
    channel: string,
    private readonly from: number,
  ) {
    this.playlist = new Playlist(silentVideo(), `/${channel}/rewind.m3u8`, {
      lowLatencyMode: false,
      maxLiveSyncPlaybackRate: 1,
      backBufferLength: 60,
    });
  }

  get video(): HTMLVideoElement {
    return this.playlist.video;
  }

  get failure(): PathFailed | null {
    return this.playlist.failure;
  }

  start(): Promise<void> {
    return this.playlist.open(this.from);
  }

  stop(): void {
    this.playlist.close();
  }

  mediaTime(): number | null {
    return this.playlist.moment();
  }

  seek(time: number): void {
    this.playlist.seek(time);
  }

  /** There is no way from here to the newest picture: the player takes another path. */
  catchUp(): void {}
}
