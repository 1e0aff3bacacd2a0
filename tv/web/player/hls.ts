// Live HLS from the server: as close to the studio as it gets, or in step with its captions.

import type HlsJs from "hls.js";
import { type Path, type PathFailed, silentVideo } from "./path";
import { Playlist } from "./playlist";

const HOLDING = 100; // ms between two looks at the latency in synchronised mode

export class Hls implements Path {
  readonly name: "hls" | "sync" | "sound" | "sync-sound";
  held = false;
  private readonly playlist: Playlist;
  private timer = 0;

  /** `synchronised` stays ten seconds behind, so that captions are there when words are heard. */
  constructor(
    address: string,
    private readonly synchronised: boolean,
    sound = false,
  ) {
    if (sound) this.name = synchronised ? "sync-sound" : "sound";
    else this.name = synchronised ? "sync" : "hls";
    this.playlist = new Playlist(silentVideo(), address, {
      lowLatencyMode: !synchronised,
      maxLiveSyncPlaybackRate: synchronised ? 1 : 1.1,
      // Each stall would raise the target for good.
      liveSyncOnStallIncrease: 0,
      backBufferLength: synchronised ? 30 : 300, // sooner where there are parts: see Playlist
    });
  }

  get video(): HTMLVideoElement {
    return this.playlist.video;
  }

  get failure(): PathFailed | null {
    return this.playlist.failure;
  }

  start(): Promise<void> {
    if (this.synchronised) this.timer = window.setInterval(() => this.hold(), HOLDING);
    return this.playlist.open();
  }

  stop(): void {
    clearInterval(this.timer);
    this.playlist.close();
  }

  mediaTime(): number | null {
    return this.playlist.moment();
  }

  catchUp(): void {
    const edge = this.library?.liveSyncPosition ?? lastSeekable(this.video);
    if (edge != null && edge > this.video.currentTime) this.video.currentTime = edge;
    void this.video.play().catch(() => {});
  }

  /** Time lost by a stall is never given back to the player: wait until captions have theirs. */
  private hold(): void {
    const hls = this.library;
    if (!hls?.latency) return;
    const target = hls.targetLatency ?? 10;
    if (!this.held && !this.video.paused && hls.latency < target - 1) {
      this.held = true;
      this.video.pause();
    } else if (this.held && hls.latency >= target - 0.2) {
      this.held = false;
      void this.video.play().catch(() => {});
    }
  }

  private get library(): HlsJs | null {
    return this.playlist.library;
  }
}

function lastSeekable(video: HTMLVideoElement): number | null {
  return video.seekable.length ? video.seekable.end(video.seekable.length - 1) : null;
}
