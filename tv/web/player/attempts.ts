// Tries to have a picture, by whatever may have one now: WebRTC where it is due, else HLS.

import type { Reception } from "../kept";
import type { Channel } from "../protocol";
import { jitter, pause } from "../waiting";
import { Comeback } from "./comeback";
import { Hls } from "./hls";
import { Native } from "./native";
import { type Path, PathFailed, UNREACHED } from "./path";
import { hasMediaSource, preload } from "./playlist";
import { Rewind } from "./rewind";
import { sighted } from "./sight";
import { Whep } from "./whep";
import { type Why, asFailed, passing, reason } from "./why";

const FIRST_PICTURE = 3; // seconds that WebRTC may take before HLS is tried
const HLS_PICTURE = 12; // seconds that HLS may take
const AWAY = 10; // seconds that media may be away before HLS is tried

type Alive = () => boolean;

export class Attempts {
  synchronised = false;
  reception: Reception = "auto";
  rewound: number | null = null; // the moment that the viewer went back to
  private readonly comebacks = { webrtc: new Comeback(), delayed: new Comeback() };

  /** `told` is what the server last said of the channel; `because` hears why not WebRTC. */
  constructor(
    private readonly box: HTMLElement,
    private readonly channel: string,
    private readonly told: () => Channel | undefined,
    private readonly because: (why: Why) => void,
  ) {}

  /** Whether the server has lost its media process: there is nothing newer to be had. */
  get interrupted(): boolean {
    return this.told()?.interrupted ?? false;
  }

  /** Whether WebRTC may be tried now. */
  get due(): boolean {
    return this.offered && this.comeback.due(seconds());
  }

  /** A path with a picture, or null when none could be had. */
  async any(alive: Alive): Promise<Path | null> {
    if (this.reception !== "sound") await sighted();
    if (this.rewound != null) {
      const path = await this.rewind(this.rewound);
      if (path || this.rewound != null) return path;
    }
    await this.mediaBack(alive);
    const until = seconds() + FIRST_PICTURE;
    while (alive() && this.due) {
      try {
        return await this.start(this.whep(), until - seconds());
      } catch (error) {
        const failed = asFailed(error);
        if (!passing(failed) || seconds() + 0.5 > until) {
          this.refused(failed);
          break;
        }
        await pause(0.2 + jitter(0, 0.6));
      }
    }
    return alive() ? this.hls() : null;
  }

  /** WebRTC with a picture, or null. */
  webrtc(): Promise<Path | null> {
    return this.start(this.whep(), FIRST_PICTURE).catch((error: unknown) => {
      this.refused(asFailed(error));
      return null;
    });
  }

  /** A moment of the talk, or null; where there is no going back (any more), none is wanted. */
  private rewind(moment: number): Promise<Path | null> {
    return this.start(new Rewind(this.channel, moment), HLS_PICTURE).catch((error: unknown) => {
      const { status } = asFailed(error);
      if (status >= 400 && status < 500) this.rewound = null;
      return null;
    });
  }

  /** HLS with a picture, or with sound where that is all that is wanted; or null. */
  async hls(): Promise<Path | null> {
    const wanted = this.reception;
    const path = await this.start(this.list(wanted), HLS_PICTURE).catch(() => null);
    const one = wanted !== "auto" && wanted !== "sound"; // a quality, which may have stopped
    return path ?? (one ? this.start(this.list("auto"), HLS_PICTURE).catch(() => null) : null);
  }

  private list(wanted: Reception): Path {
    const sound = wanted === "sound";
    if (!sound && !hasMediaSource()) return new Native(this.channel);
    const address = playlistOf(this.channel, wanted, this.synchronised);
    return new Hls(address, this.synchronised, sound);
  }

  /** Note that WebRTC has failed, after a picture had been there for `shown` seconds. */
  failed(failed: PathFailed, shown = 0): void {
    this.comeback.failed(seconds(), failed, shown);
  }

  /** Try soon again what another network, or another minute, may have mended. */
  hurry(): void {
    this.comeback.hurry(seconds());
  }

  private async start(path: Path, within: number): Promise<Path> {
    this.box.append(path.video);
    const late = pause(within).then(() => {
      throw new PathFailed("pas d’image");
    });
    const waiting = pause(FIRST_PICTURE / 3).then(() => "waiting" as const);
    const started = path.start();
    try {
      if ((await Promise.race([started, late, waiting])) === "waiting") {
        preload().catch(() => {}); // HLS may be needed soon
        await Promise.race([started, late]);
      }
      return path;
    } catch (error) {
      // A browser that waits for a tap has everything but a picture.
      if (path.video.readyState >= 2 && path.video.paused) return path;
      path.stop();
      throw error;
    }
  }

  private refused(failed: PathFailed): void {
    if (failed.code === UNREACHED) return; // where nobody answers, WebRTC is not to blame
    this.failed(failed);
    this.because(reason(failed));
  }

  /** Wait while the server is without media, but not for ever, and not all for as long. */
  private async mediaBack(alive: Alive): Promise<void> {
    const until = seconds() + AWAY;
    if (!this.interrupted) return;
    while (alive() && this.interrupted && seconds() < until) await pause(0.1);
    await pause(jitter(0, 0.5));
  }

  private get offered(): boolean {
    if (this.reception !== "auto" && this.reception !== "source") return false;
    if (!("RTCPeerConnection" in window)) {
      this.because("unsupported");
      return false;
    }
    const feeds = this.told()?.feeds;
    return !this.synchronised || !feeds || Boolean(feeds.delayed);
  }

  private get comeback(): Comeback {
    return this.synchronised ? this.comebacks.delayed : this.comebacks.webrtc;
  }

  private whep(): Path {
    return this.synchronised
      ? new Whep(this.channel, "delayed", () => this.told()?.feeds.delayed)
      : new Whep(this.channel, "webrtc", () => this.told()?.feeds.live);
  }
}

/** Monotonic. */
export function seconds(): number {
  return performance.now() / 1000;
}

/** Where a quality is, or all of them to choose from. */
function playlistOf(channel: string, wanted: Reception, synchronised: boolean): string {
  if (wanted === "auto") return `/${channel}/${synchronised ? "sync" : "index"}.m3u8`;
  const folder = wanted === "source" ? "" : `${wanted === "sound" ? "audio" : wanted}/`;
  return `/${channel}/${folder}${synchronised ? "sync-media" : "media"}.m3u8`;
}
