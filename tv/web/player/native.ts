// Live HLS in the system's own player, where there is no Media Source: old iPhones. It paints the
// captions itself, in step, so that they are there in its own full screen too.

import { type Path, type PathFailed, silentVideo } from "./path";
import { Playlist } from "./playlist";

export class Native implements Path {
  readonly name = "native";
  readonly video = silentVideo();
  private readonly playlist: Playlist;
  private captions = true;

  constructor(channel: string) {
    this.video.disableRemotePlayback = false; // AirPlay knows playlists
    this.playlist = new Playlist(this.video, `/${channel}/sync.m3u8`, {});
    this.video.textTracks.addEventListener("addtrack", () => this.apply());
    this.video.textTracks.addEventListener("change", () => this.apply());
  }

  get failure(): PathFailed | null {
    return this.playlist.failure;
  }

  start(): Promise<void> {
    return this.playlist.open();
  }

  stop(): void {
    this.playlist.close();
  }

  mediaTime(): number | null {
    return this.playlist.moment();
  }

  catchUp(): void {
    const { seekable } = this.video;
    if (seekable.length) this.video.currentTime = seekable.end(seekable.length - 1);
    void this.video.play().catch(() => {});
  }

  caption(on: boolean): void {
    this.captions = on;
    this.apply();
  }

  private apply(): void {
    const mode = this.captions ? "showing" : "disabled";
    for (const track of this.video.textTracks) if (track.mode !== mode) track.mode = mode;
  }
}
