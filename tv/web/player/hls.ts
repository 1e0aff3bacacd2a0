// HLS from the server: hls.js where there is Media Source, the system's own player on old iPhones.

import type HlsJs from "hls.js";
import { type Path, PathFailed, decoded, silentVideo } from "./path";

const HOLDING = 100; // ms between two looks at the latency in synchronised mode

/** Have the library here before it is needed: it is larger than all the rest of the page. */
export function preload(): Promise<{ default: typeof HlsJs }> {
  return import("hls.js/light");
}

export class Hls implements Path {
  readonly name: "hls" | "sync";
  readonly video = silentVideo();
  failure: PathFailed | null = null;

  private hls: HlsJs | null = null;
  private timer = 0;
  private held = false;
  private stopped = false;

  /** `synchronised` stays ten seconds behind, so that captions are there when words are heard. */
  constructor(
    private readonly address: string,
    synchronised: boolean,
  ) {
    this.name = synchronised ? "sync" : "hls";
  }

  async start(): Promise<void> {
    const { default: Library } = await preload();
    if (this.stopped) return;
    if (Library.isSupported()) await this.startLibrary(Library);
    else await this.startNative();
  }

  private async startLibrary(Library: typeof HlsJs): Promise<void> {
    const hls = new Library({
      // fMP4 needs no transmuxing worth a worker, and workers from blobs would need a wider CSP.
      enableWorker: false,
      lowLatencyMode: this.name === "hls",
      maxLiveSyncPlaybackRate: this.name === "hls" ? 1.1 : 1,
      // Each stall would raise the target for good.
      liveSyncOnStallIncrease: 0,
      backBufferLength: 30,
    });
    this.hls = hls;
    const failed = new Promise<never>((_, reject) => {
      hls.on(Library.Events.ERROR, (_event, { fatal, type, details, response }) => {
        if (!fatal) return;
        if (type === Library.ErrorTypes.MEDIA_ERROR && !this.failure) hls.recoverMediaError();
        this.failure ??= new PathFailed(details, response?.code ?? 0);
        reject(this.failure);
      });
    });
    failed.catch(() => {}); // once started, the player looks at `failure`
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
    hls.on(Library.Events.MANIFEST_PARSED, () => void this.video.play().catch(() => {}));
    if (this.name === "sync") this.timer = window.setInterval(() => this.hold(hls), HOLDING);
    await Promise.race([decoded(this.video), failed]);
  }

  private async startNative(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.video.addEventListener("error", () => {
        this.failure = new PathFailed(this.video.error?.message ?? "lecture impossible");
        reject(this.failure);
      });
    });
    failed.catch(() => {});
    this.video.src = this.address;
    void this.video.play().catch(() => {});
    await Promise.race([decoded(this.video), failed]);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.hls?.destroy();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
  }

  mediaTime(): number | null {
    const date = this.hls ? this.hls.playingDate : startDate(this.video);
    if (!date) return null;
    return date.getTime() / 1000 + (this.hls ? 0 : this.video.currentTime);
  }

  catchUp(): void {
    const edge = this.hls?.liveSyncPosition ?? lastSeekable(this.video);
    if (edge != null && edge > this.video.currentTime) this.video.currentTime = edge;
    void this.video.play().catch(() => {});
  }

  /** Time lost by a stall is never given back to the player: wait until captions have theirs. */
  private hold(hls: HlsJs): void {
    const target = hls.targetLatency ?? 10;
    if (!hls.latency) return;
    if (!this.held && !this.video.paused && hls.latency < target - 1) {
      this.held = true;
      this.video.pause();
    } else if (this.held && hls.latency >= target - 0.2) {
      this.held = false;
      void this.video.play().catch(() => {});
    }
  }
}

function startDate(video: HTMLVideoElement): Date | null {
  const date = (video as { getStartDate?: () => Date }).getStartDate?.(); // Safari
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

function lastSeekable(video: HTMLVideoElement): number | null {
  return video.seekable.length ? video.seekable.end(video.seekable.length - 1) : null;
}
