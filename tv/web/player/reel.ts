// A recorded film on screen: another one takes its place unseen, with the same sound and speed.

import { keep, recall } from "../kept";
import { Playlist } from "./playlist";

const EVENTS = ["play", "pause", "ended", "seeking", "seeked", "waiting", "playing"];

export class Reel {
  loading = true; // no picture yet
  volume = recall("volume", 1);
  muted = false;
  speed = 1;
  private playlist: Playlist | null = null;

  /** `changed` draws; `lost` is called when the film cannot be had (any more). */
  constructor(
    private readonly box: HTMLElement,
    private readonly changed: () => void,
    private readonly lost: () => void,
  ) {}

  /** Show the film of an address from a broadcast time on; what was shown stays until it is there. */
  async load(address: string, from: number): Promise<void> {
    const old = this.playlist;
    const playing = old ? !old.video.paused : false;
    const playlist = new Playlist(this.element(), address, { backBufferLength: 120 });
    this.playlist = playlist;
    this.loading = true;
    this.changed();
    this.box.append(playlist.video);
    try {
      await playlist.open(from, true);
    } catch {
      old?.close();
      if (playlist === this.playlist) this.lost();
      return;
    }
    old?.close();
    if (playlist !== this.playlist) return playlist.close();
    this.loading = false;
    playlist.video.classList.add("shown");
    if (playing) this.play();
    this.changed();
  }

  get video(): HTMLVideoElement | null {
    return this.playlist?.video ?? null;
  }

  get paused(): boolean {
    return this.video?.paused ?? true;
  }

  /** Whether it has not begun. */
  get waits(): boolean {
    const { video } = this;
    return Boolean(video?.paused && !video.seeking && video.currentTime === 0);
  }

  get quiet(): boolean {
    return this.muted || !this.volume;
  }

  /** The broadcast time of the picture; null when unknown. */
  moment(): number | null {
    return this.playlist?.moment() ?? null;
  }

  /** Look whether it is still to be had. */
  look(): void {
    if (this.loading || !this.playlist?.failure) return;
    this.loading = true;
    this.lost();
  }

  seek(time: number): void {
    this.playlist?.seek(time);
  }

  play(): void {
    void this.video?.play().catch(() => {});
  }

  toggle(): void {
    if (this.paused) this.play();
    else this.video?.pause();
  }

  mute(muted: boolean): void {
    this.loud(!muted && !this.volume ? 0.5 : this.volume, muted);
  }

  loud(volume: number, muted = false): void {
    this.volume = Math.min(1, Math.max(0, volume));
    this.muted = muted;
    if (this.video) {
      this.video.volume = this.volume;
      this.video.muted = muted;
    }
    keep("volume", this.volume);
    this.changed();
  }

  hurry(speed: number): void {
    this.speed = speed;
    if (this.video) this.video.defaultPlaybackRate = this.video.playbackRate = speed;
    this.changed();
  }

  private element(): HTMLVideoElement {
    const video = document.createElement("video");
    video.playsInline = true;
    video.preload = "auto";
    video.tabIndex = -1;
    video.volume = this.volume;
    video.muted = this.muted;
    video.defaultPlaybackRate = video.playbackRate = this.speed;
    for (const event of EVENTS) video.addEventListener(event, this.changed);
    return video;
  }
}
