// Keeps the picture on screen: WebRTC first, HLS when it fails, back again, without a reload.
// Each try has a video element of its own, shown once it has a picture: the change is not seen.

import { jitter, pause } from "../waiting";
import { Hls } from "./hls";
import { type Path, PathFailed, progress } from "./path";
import { Whep } from "./whep";

const FIRST_PICTURE = 3; // seconds that WebRTC may take before HLS is tried
const HLS_PICTURE = 12; // seconds that HLS may take
const STILL: Record<Path["name"], number> = { webrtc: 2.5, hls: 6, sync: 12 }; // seconds
const LOOK = 500; // ms between two looks at the picture
const REFUSED = 60; // seconds before WebRTC is tried again where the server said no

export interface PlayerState {
  path: Path["name"] | null; // null: no picture yet
  trouble: boolean; // the picture stands still, or is not there
  needsGesture: boolean; // the browser wants a tap before it plays
  paused: boolean; // by the viewer
  muted: boolean;
}

export class Player {
  readonly state: PlayerState = {
    path: null,
    trouble: false,
    needsGesture: false,
    paused: false,
    muted: true,
  };

  private current: Path | null = null;
  private generation = 0; // a new one ends what the older ones were doing
  private synchronised = false;
  private volume = 1;

  constructor(
    private readonly box: HTMLElement,
    private readonly channel: string,
    private readonly changed: () => void,
  ) {}

  start(synchronised: boolean): void {
    this.synchronised = synchronised;
    void this.keepPlaying(++this.generation);
  }

  stop(): void {
    this.generation += 1;
    this.current?.stop();
    this.current = null;
    this.update({ path: null });
  }

  /** Change the mode while the old picture stays until the new one is there. */
  synchronise(on: boolean): void {
    if (on !== this.synchronised) this.start(on);
  }

  get video(): HTMLVideoElement | null {
    return this.current?.video ?? null;
  }

  mediaTime(): number | null {
    return this.current?.mediaTime() ?? null;
  }

  mute(muted: boolean): void {
    if (this.video) this.video.muted = muted;
    if (!muted) this.resume(); // a tap on « son » is also the gesture that some browsers wait for
    this.update({ muted });
  }

  setVolume(volume: number): void {
    this.volume = volume;
    if (this.video) this.video.volume = volume;
  }

  pause(): void {
    this.video?.pause();
    this.update({ paused: true });
  }

  resume(): void {
    this.update({ paused: false });
    const play = this.video?.play();
    play?.then(() => this.update({ needsGesture: false })).catch(() => {});
  }

  catchUp(): void {
    this.update({ paused: false });
    this.current?.catchUp();
  }

  private async keepPlaying(generation: number): Promise<void> {
    const alive = () => generation === this.generation;
    for (let failures = 0; alive();) {
      const path = await this.raise(alive);
      if (!alive()) return path?.stop();
      if (path) {
        failures = 0;
        this.show(path);
        await this.watch(path, alive);
      } else {
        failures += 1;
      }
      if (!alive()) return;
      this.update({ trouble: true });
      await pause(jitter(failures, 0.5, 10));
    }
  }

  /** A path with a picture, or null when none could be had. */
  private async raise(alive: () => boolean): Promise<Path | null> {
    await visible(); // a tab in the background decodes nothing
    if (this.synchronised) return this.attempt(this.hls(), HLS_PICTURE);
    const deadline = performance.now() + FIRST_PICTURE * 1000;
    while (alive() && performance.now() < deadline && canReceive()) {
      const left = (deadline - performance.now()) / 1000;
      const path = await this.attempt(new Whep(`/${this.channel}/whep`), left);
      if (path) return path;
      if (this.refusal && !this.refusal.retryAfter) break;
      await pause(0.2 + jitter(0, 0.6)); // media restarts in two seconds: it may just be late
    }
    return alive() ? this.attempt(this.hls(), HLS_PICTURE) : null;
  }

  private refusal: PathFailed | null = null;

  private async attempt(path: Path, seconds: number): Promise<Path | null> {
    this.refusal = null;
    this.box.append(path.video);
    const late = pause(seconds).then(() => {
      throw new PathFailed("pas d’image");
    });
    try {
      await Promise.race([path.start(), late]);
      return path;
    } catch (error) {
      const failed = error instanceof PathFailed ? error : new PathFailed(String(error));
      if (failed.status >= 400) this.refusal = failed;
      // A browser that waits for a tap has everything but a picture.
      if (path.video.readyState >= 2 && path.video.paused) {
        this.update({ needsGesture: true });
        return path;
      }
      path.stop();
      return null;
    }
  }

  private show(path: Path): void {
    const old = this.current;
    this.current = path;
    path.video.muted = this.state.muted;
    path.video.volume = this.volume;
    path.video.classList.add("shown");
    old?.stop();
    if (this.state.paused) path.video.pause();
    this.update({ path: path.name, trouble: false });
  }

  /** Returns when the picture is lost, or when a better path has taken over. */
  private async watch(path: Path, alive: () => boolean): Promise<void> {
    let probeAt = performance.now() + this.untilProbe(0);
    let probes = 0;
    let seen = progress(path.video);
    let seenAt = performance.now();
    while (alive() && !path.failure) {
      await pause(LOOK / 1000);
      const now = performance.now();
      const moving = progress(path.video) !== seen;
      // Hidden pages are throttled, and a paused picture stands still by right.
      if (moving || document.hidden || this.state.paused || this.state.needsGesture) {
        seen = progress(path.video);
        seenAt = now;
        if (moving) this.update({ trouble: false, needsGesture: false });
      } else if (now - seenAt > STILL[path.name] * 1000) {
        return;
      }
      if (path.name === "hls" && now > probeAt && !document.hidden && canReceive()) {
        const better = await this.attempt(new Whep(`/${this.channel}/whep`), FIRST_PICTURE);
        if (better && alive()) {
          this.show(better);
          return this.watch(better, alive);
        }
        better?.stop();
        probes += 1;
        probeAt = performance.now() + this.untilProbe(probes);
      }
    }
  }

  private untilProbe(probes: number): number {
    const refused = this.refusal && !this.refusal.retryAfter;
    return 1000 * (refused ? REFUSED * (0.5 + Math.random()) : 5 + jitter(probes, 5, 120));
  }

  private hls(): Path {
    const playlist = this.synchronised ? "sync.m3u8" : "index.m3u8";
    return new Hls(`/${this.channel}/${playlist}`, this.synchronised);
  }

  private update(change: Partial<PlayerState>): void {
    const entries = Object.entries(change) as [keyof PlayerState, never][];
    if (entries.every(([key, value]) => this.state[key] === value)) return;
    Object.assign(this.state, change);
    this.changed();
  }
}

function canReceive(): boolean {
  return "RTCPeerConnection" in window;
}

function visible(): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}
