// A playlist in a video element: hls.js where there is Media Source, the system's own player on
// old iPhones.

import type HlsJs from "hls.js";
import type { HlsConfig, LevelDetails } from "hls.js";
import { complete } from "../anew";
import { dateAt, positionAt } from "./dated";
import { PathFailed, decoded } from "./path";

const BEHIND = 10; // seconds that are kept behind the newest picture, and up to twice as many

/** Whether this browser lets scripts feed a video. Where not, it plays playlists by itself. */
export function hasMediaSource(): boolean {
  return "ManagedMediaSource" in window || "MediaSource" in window;
}

/** Have the library here before it is needed: it is larger than all the rest of the page. */
export async function preload(): Promise<typeof HlsJs | null> {
  return hasMediaSource() ? (await import("hls.js/light")).default : null;
}

export class Playlist {
  failure: PathFailed | null = null;
  library: HlsJs | null = null; // null: the browser plays it by itself

  private details: LevelDetails | null = null;
  private stopped = false;

  /** `video` plays what `address` lists. */
  constructor(
    readonly video: HTMLVideoElement,
    private readonly address: string,
    private readonly config: Partial<HlsConfig>,
  ) {}

  /**
   * Open it, at the broadcast time `from` if that is given, and play it unless `paused`. Resolves
   * when a picture has been decoded. Rejects with PathFailed.
   */
  async open(from: number | null = null, paused = false): Promise<void> {
    const Library = await preload().catch(() => {
      void complete(); // unless one hears it by another way
      throw new PathFailed("lecteur absent");
    });
    if (this.stopped) return;
    const failed = Library?.isSupported() ? this.attach(Library, from) : this.hand(from);
    failed.catch(() => {}); // once open, whoever plays it looks at `failure`
    if (!paused) void this.play();
    await Promise.race([decoded(this.video), failed]);
  }

  /** Play; it is no failure when the browser wants a tap first. */
  private play(): Promise<void> {
    return this.video.play().catch(() => {});
  }

  private attach(Library: typeof HlsJs, from: number | null): Promise<never> {
    const hls = new Library({
      // fMP4 needs no transmuxing worth a worker, and workers from blobs would need a wider CSP.
      enableWorker: false,
      // Nor do we need its text tracks, which it makes from addresses that the CSP refuses.
      enableDateRangeMetadataCues: false,
      enableEmsgMetadataCues: false,
      enableID3MetadataCues: false,
      ...this.config,
    });
    this.library = hls;
    const failed = new Promise<never>((_, reject) => {
      hls.on(Library.Events.ERROR, (_event, { fatal, type, details, response }) => {
        if (!fatal) return;
        if (type === Library.ErrorTypes.MEDIA_ERROR && !this.failure) hls.recoverMediaError();
        this.failure ??= new PathFailed(details, response?.code ?? 0);
        reject(this.failure);
      });
    });
    hls.on(Library.Events.MANIFEST_PARSED, () => {
      if (this.video.autoplay) void this.play();
    });
    hls.on(Library.Events.LEVEL_UPDATED, (_event, { details }) => {
      const first = !this.details;
      this.details = details;
      const start = first && from != null && positionAt(details.fragments, from);
      if (typeof start === "number") hls.startLoad(start); // only now is known where that is
    });
    hls.on(Library.Events.FRAG_BUFFERED, (_event, { part }) => {
      if (part && part === this.details?.partList?.at(-1)) this.tidy(hls, Library);
    });
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
    return failed;
  }

  /**
   * Remove what is behind, while no part is on its way. hls.js (1.7.4) does that by itself at any
   * time; it takes what it is appending then for removed too, and asks for nothing more until the
   * segment has left the list of parts: the picture stands for three seconds.
   */
  private tidy(hls: HlsJs, { Events }: typeof HlsJs): void {
    const { buffered, currentTime } = this.video;
    if (!buffered.length || currentTime - buffered.start(0) < 2 * BEHIND) return;
    const endOffset = currentTime - BEHIND;
    hls.trigger(Events.BUFFER_FLUSHING, { startOffset: 0, endOffset, type: null });
  }

  /** Hand it to the browser. */
  private hand(from: number | null): Promise<never> {
    const failed = new Promise<never>((_, reject) => {
      this.video.addEventListener("error", () => {
        this.failure = new PathFailed(this.video.error?.message ?? "lecture impossible");
        reject(this.failure);
      });
    });
    if (from != null)
      this.video.addEventListener("loadedmetadata", () => this.seek(from), { once: true });
    this.video.src = this.address;
    return failed;
  }

  close(): void {
    this.stopped = true;
    this.library?.destroy();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
  }

  /** The broadcast time of the picture shown; null when unknown. */
  moment(): number | null {
    const { currentTime } = this.video;
    if (this.details) return dateAt(this.details.fragments, currentTime);
    const date = startDate(this.video);
    return date && date.getTime() / 1000 + currentTime;
  }

  /** Go to the picture of a broadcast time. */
  seek(time: number): void {
    const shown = this.moment();
    const position = this.details
      ? positionAt(this.details.fragments, time)
      : shown != null && this.video.currentTime + time - shown;
    if (typeof position === "number") this.video.currentTime = Math.max(0, position);
  }
}

function startDate(video: HTMLVideoElement): Date | null {
  const date = (video as { getStartDate?: () => Date }).getStartDate?.(); // Safari
  return date && !Number.isNaN(date.getTime()) ? date : null;
}
