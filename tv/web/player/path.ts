// One way from the server to this screen: WebRTC or HLS. The player raises and replaces them.

export type PathName = "webrtc" | "hls" | "sync";

/** A way that cannot be used now. `status` is HTTP's, 0 without an answer. */
export class PathFailed extends Error {
  constructor(
    message: string,
    readonly status = 0,
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
  /** Resolves when a picture has been decoded. Rejects with PathFailed. */
  start(): Promise<void>;
  stop(): void;
  /** The broadcast time of the picture shown; null when unknown. */
  mediaTime(): number | null;
  /** Go to the newest picture. */
  catchUp(): void;
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
