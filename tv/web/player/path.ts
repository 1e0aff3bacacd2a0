// One way from the server to this screen: WebRTC or HLS. The player raises and replaces them.

/**
 * "webrtc" and "hls" are live, and so is "sound", without a picture; "delayed", "sync" and
 * "sync-sound" stay behind, so that captions are in step, and so does "native", the system's own
 * player; "rewind" shows what was, as late as one wants.
 */
export type PathName =
  | ("webrtc" | "hls" | "sound")
  | ("delayed" | "sync" | "sync-sound" | "native")
  | "rewind";

// Codes of ours: nobody answered at all, and the server does not know the session any more.
export const UNREACHED = "unreached";
export const FORGOTTEN = "forgotten";

/** A way that cannot be used now. */
export class PathFailed extends Error {
  /**
   * `status` is HTTP's, 0 without an answer; `code` the problem's, "" when it has none; `retryAfter`
   * the seconds after which the server wants to be asked again, 0 when it does not say.
   */
  constructor(
    message: string,
    readonly status = 0,
    readonly code = "",
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

export interface Path {
  readonly name: PathName;
  readonly video: HTMLVideoElement;
  /** What went wrong since it started; null while it is well. */
  readonly failure: PathFailed | null;
  /** Whether it has paused for a moment of its own accord; set to false, it stays so. */
  held?: boolean;
  /** Resolves when a picture has been decoded. Rejects with PathFailed. */
  start(): Promise<void>;
  stop(): void;
  /** The broadcast time of the picture shown; null when unknown. */
  mediaTime(): number | null;
  /** Go to the newest picture. */
  catchUp(): void;
  /** Go to the picture of a broadcast time, where that can be done. */
  seek?(time: number): void;
  /** Look for another way through the network; whether there is hope. */
  mend?(): Promise<boolean>;
  /** Paint captions, or not: of a path that does so itself. */
  caption?(on: boolean): void;
}

/** A video element that plays anywhere without a gesture: muted, inline. */
export function silentVideo(): HTMLVideoElement {
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.disableRemotePlayback = true;
  video.tabIndex = -1;
  return video;
}

/** Resolves when a picture has been decoded. */
export function decoded(video: HTMLVideoElement): Promise<void> {
  return new Promise((done) => {
    const ready = () => {
      clearInterval(timer);
      done();
    };
    video.requestVideoFrameCallback?.(ready);
    const timer = setInterval(() => {
      if (progress(video) > 0) ready();
    }, 100);
    setTimeout(() => clearInterval(timer), 30_000);
  });
}

/** How many pictures have been decoded: it stands still when the picture does. */
export function progress(video: HTMLVideoElement): number {
  const frames = video.getVideoPlaybackQuality?.().totalVideoFrames;
  return frames || video.currentTime;
}

/** For how long the picture of a path has stood still. */
export class Stillness {
  private path: Path | null = null;
  private seen = 0;
  private movedAt = 0;
  private forgiven = false;

  /** Seconds until `now`; 0 when it has moved since the last look. */
  look(path: Path, now: number): number {
    const shown = progress(path.video);
    const moved = path === this.path && shown !== this.seen;
    if (moved || path !== this.path || this.forgiven) this.movedAt = now;
    this.path = path;
    this.seen = shown;
    this.forgiven = false;
    return moved ? 0 : Math.max(now - this.movedAt, Number.EPSILON);
  }

  /** Count from the next look on. */
  forgive(): void {
    this.forgiven = true;
  }
}

/** Resolves when what was changed is on screen. */
export function painted(): Promise<void> {
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done())));
    setTimeout(done, 300); // hidden pages have no frames
  });
}
