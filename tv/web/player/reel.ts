// A recorded film on screen: another one takes its place unseen, with the same sound and speed.

import { keep, recall } from "../kept";
import { Playlist } from "./playlist";

const EVENTS = ["play", "pause", "ended", "seeking", "seeked", "waiting", "playing"];

export class Reel {
  loading = true; // no picture yet
  volume = recall("volume", 1);
  muted = false;
  speed = 1;
  private shown: Playlist | null = null;
  private opening: Playlist | null = null; // takes its place once it has a picture
  private from = 0; // the broadcast time at which that one is wanted
  private wanted = false; // to play, before there is a picture

  /** `changed` draws; `lost` is called when the film cannot be had (any more). */
  constructor(
    private readonly box: HTMLElement,
    private readonly changed: () => void,
    private readonly lost: () => void,
  ) {}

  /** Show the film of an address from a broadcast time on; what was shown stays until it is there. */
  async load(address: string, from: number): Promise<void> {
    this.opening?.close();
    const playlist = new Playlist(this.element(), address, { backBufferLength: 120 });
    this.opening = playlist;
    this.from = from;
    this.loading = true;
    this.changed();
    this.box.append(playlist.video);
    try {
      await playlist.open(from, true);
      if (playlist === this.opening) this.show(playlist, from);
    } catch {
      if (playlist !== this.opening) return;
      playlist.close();
      this.opening = null;
      this.lost();
    }
  }

  /** Have a film that has a picture take the place of the one that is shown. */
  private show(playlist: Playlist, from: number): void {
    const old = this.shown;
    const playing = !this.paused;
    this.shown = playlist;
    this.opening = null;
    this.loading = false;
    playlist.video.classList.add("shown");
    this.tune(playlist.video);
    if (this.from !== from) playlist.seek(this.from);
    if (playing) this.play();
    old?.close();
    this.changed();
  }

  get video(): HTMLVideoElement | null {
    return (this.shown ?? this.opening)?.video ?? null;
  }

  get paused(): boolean {
    return this.shown ? this.shown.video.paused : !this.wanted;
  }

  /** Whether it has not begun. */
  get waits(): boolean {
    const { video } = this;
    return Boolean(video?.paused && !video.seeking && video.currentTime === 0);
  }

  get quiet(): boolean {
    return this.muted || !this.volume;
  }

  /** The broadcast time of the picture, or of the first one wanted; null when unknown. */
  moment(): number | null {
    return this.shown ? this.shown.moment() : this.from || null;
  }

  /** Look whether it is still to be had. */
  look(): void {
    if (this.loading || !this.shown?.failure) return;
    this.loading = true;
    this.lost();
  }

  seek(time: number): void {
    this.shown?.seek(time);
    this.from = time;
  }

  play(): void {
    this.wanted = true;
    void this.video?.play().catch(() => {});
  }

  toggle(): void {
    if (this.paused) return this.play();
    this.wanted = false;
    this.video?.pause();
  }

  mute(muted: boolean): void {
    this.loud(!muted && !this.volume ? 0.5 : this.volume, muted);
  }

  loud(volume: number, muted = false): void {
    this.volume = Math.min(1, Math.max(0, volume));
    this.muted = muted;
    if (this.video) this.tune(this.video);
    keep("volume", this.volume);
    this.changed();
  }

  hurry(speed: number): void {
    this.speed = speed;
    if (this.video) this.tune(this.video);
    this.changed();
  }

  private tune(video: HTMLVideoElement): void {
    video.volume = this.volume;
    video.muted = this.muted;
    video.defaultPlaybackRate = video.playbackRate = this.speed;
  }

  private element(): HTMLVideoElement {
    const video = document.createElement("video");
    video.playsInline = true;
    video.preload = "auto";
    video.tabIndex = -1;
    this.tune(video);
    for (const event of EVENTS) video.addEventListener(event, this.changed);
    return video;
  }
}
