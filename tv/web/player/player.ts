// Keeps the picture on screen: WebRTC first, HLS when it fails, back again, without a reload.
// Each try has a video element of its own, shown once it has a picture: the change is not seen.

import * as clock from "../clock";
import { type Reception, keep, recall } from "../kept";
import type { Channel } from "../protocol";
import { jitter, pause } from "../waiting";
import { Attempts, seconds } from "./attempts";
import { FORGOTTEN, type Path, PathFailed, type PathName, Stillness, painted, progress } from "./path";
import { alone, inSight, leftNear } from "./sight";
import { Steadiness } from "./steadiness";
import type { Why } from "./why";

// Seconds that a picture may stand still.
const STILL: Record<PathName, number> = {
  webrtc: 2.5,
  delayed: 2.5,
  hls: 6,
  sound: 8,
  rewind: 8,
  sync: 12,
  "sync-sound": 12,
  native: 12,
};
const MENDING = 1.5; // seconds that a new ICE session may take to bring the picture back
const LOOK = 0.5; // seconds between two looks at the picture
const BRIEF = 2; // seconds of picture that do not prove that WebRTC works
const PROBATION = 6; // seconds that WebRTC has to be steady where it was not
const POOR = new PathFailed("image figée");
const STRAYED = 3; // seconds further behind than before the viewer paused
const LEAVING = 1; // seconds after a pause in which is seen whether it was the browser's own
const HEARD = 0.5; // volume of a picture whose sound is wanted, and was at nothing

export interface PlayerState {
  path: PathName | null; // null: no picture yet
  why: Why; // the picture does not come by WebRTC
  trouble: boolean; // the picture stands still, or is not there
  weak: boolean; // it stutters, and there is no better way to have one
  needsGesture: boolean; // the browser wants a tap before it plays
  paused: boolean; // by the viewer
  muted: boolean;
  volume: number; // 0 to 1
}

export class Player {
  readonly state: PlayerState = {
    path: null,
    why: "",
    trouble: false,
    weak: false,
    needsGesture: false,
    paused: false,
    muted: true,
    volume: recall("volume", 1),
  };

  private readonly attempts: Attempts;
  private readonly stillness = new Stillness();
  private readonly steadiness = new Steadiness();
  private current: Path | null = null;
  private shownAt = 0;
  private generation = 0; // a new one ends what the older ones were doing
  private captions = true;
  private listening: AbortController | null = null; // to the network
  private lag: number | null = null; // seconds behind when the viewer paused

  /** `told` is what the server last said of the channel, if anything yet. */
  constructor(
    box: HTMLElement,
    channel: string,
    told: () => Channel | undefined,
    private readonly changed: () => void,
  ) {
    this.attempts = new Attempts(box, channel, told, (why) => this.update({ why }));
  }

  start(synchronised: boolean, reception = this.attempts.reception): void {
    this.attempts.synchronised = synchronised;
    this.attempts.reception = reception;
    void this.keepPlaying(++this.generation);
  }

  stop(): void {
    this.listening?.abort();
    this.listening = null;
    this.generation += 1;
    this.current?.stop();
    this.current = null;
    this.attempts.rewound = null;
    this.update({ path: null, trouble: false, weak: false, paused: false });
  }

  /** Have something else of the channel; what was shown stays until that is there. */
  receive(reception: Reception): void {
    if (reception === this.attempts.reception) return;
    this.attempts.reception = reception;
    if (reception === "words") this.stop();
    else if (!this.rewound || reception === "sound") {
      this.attempts.rewound = null;
      void this.keepPlaying(++this.generation);
    }
  }

  /** Change the mode while the old picture stays until the new one is there. */
  synchronise(on: boolean): void {
    if (on === this.attempts.synchronised) return;
    this.attempts.synchronised = on;
    if (!this.rewound) this.start(on);
  }

  /** Show a moment of the talk that is over; the old picture stays until its picture is there. */
  rewind(time: number): void {
    const there = this.rewound && this.current?.seek; // and not on its way back to live
    this.attempts.rewound = time;
    if (there) this.current?.seek?.(time);
    else void this.keepPlaying(++this.generation);
  }

  /** Whether the viewer has gone back, or is about to. */
  get rewound(): boolean {
    return this.attempts.rewound != null;
  }

  /** Whether the picture is further behind than before the viewer paused. */
  get strayed(): boolean {
    return this.lag != null && (this.behind() ?? 0) > this.lag + STRAYED;
  }

  get video(): HTMLVideoElement | null {
    return this.current?.video ?? null;
  }

  mediaTime(): number | null {
    return this.current?.mediaTime() ?? null;
  }

  mute(muted: boolean): void {
    if (!muted && !this.state.volume) return this.loud(HEARD);
    if (this.video) this.video.muted = muted;
    const { needsGesture, paused } = this.state;
    // A tap on « son » is also the gesture that some browsers wait for.
    if (!muted && (needsGesture || !paused)) this.resume();
    this.update({ muted });
  }

  /** How loud it is, from 0 to 1. An iPhone leaves that to its buttons. */
  loud(volume: number): void {
    const next = Math.min(1, Math.max(0, volume));
    if (this.video) this.video.volume = next;
    this.update({ volume: next });
    keep("volume", next);
    if (next > 0 === this.state.muted) this.mute(next === 0);
  }

  /** Whether captions are wanted of a path that paints them itself. */
  caption(on: boolean): void {
    this.captions = on;
    this.current?.caption?.(on);
  }

  /** Go along with the browser's own controls: of a phone's full screen, of a small window. */
  heed({ type, target }: Event): void {
    const { video } = this;
    if (!video || video !== target) return;
    const { muted, volume, paused } = video;
    if (type === "volumechange") this.update({ muted: muted || !volume, volume });
    else if (type === "pause") void this.stopped(video);
    else if (type === "play" && !paused) this.update({ paused: false });
  }

  /** It was paused: by the viewer, unless the browser did so because it went out of sight. */
  private async stopped(video: HTMLVideoElement): Promise<void> {
    const since = performance.now();
    await pause(LEAVING);
    const ours = this.state.paused || this.state.needsGesture || this.current?.held;
    if (video !== this.video || ours || !video.paused || video.ended) return;
    if (!leftNear(since)) this.pause();
    else if (inSight()) void this.playOrMute(video);
  }

  pause(): void {
    if (this.current?.held) this.current.held = false; // else it would go on by itself
    this.lag ??= this.behind();
    this.video?.pause();
    this.update({ paused: true });
  }

  resume(): void {
    this.update({ paused: false });
    if (this.video) void this.playOrMute(this.video);
  }

  catchUp(): void {
    this.lag = null;
    this.update({ paused: false });
    if (!this.rewound) return this.current?.catchUp();
    this.attempts.rewound = null;
    void this.keepPlaying(++this.generation);
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = new AbortController();
    const { signal } = this.listening;
    const { connection } = navigator as { connection?: EventTarget }; // not in every browser
    connection?.addEventListener("change", () => this.networkChanged(), { signal });
    addEventListener("online", () => this.networkChanged(), { signal });
  }

  private networkChanged(): void {
    this.attempts.hurry();
    void this.current?.mend?.();
  }

  private async keepPlaying(generation: number): Promise<void> {
    const alive = () => generation === this.generation;
    this.listen();
    for (let failures = 0; alive();) {
      const path = await this.attempts.any(alive);
      if (!alive()) return path?.stop();
      if (path) this.show(path);
      else if (this.state.path !== "rewind") this.attempts.rewound = null; // one stays where one is
      if (path || this.moves()) {
        failures = 0;
        await this.watch(alive);
      } else {
        failures += 1;
        this.attempts.hurry();
      }
      if (!alive()) return;
      this.update({ trouble: true });
      if (failures) await pause(jitter(failures, 0.5, 10));
    }
  }

  private show(path: Path): void {
    const old = this.current;
    const { video } = path;
    this.current = path;
    this.shownAt = seconds();
    this.lag = null;
    this.steadiness.forget();
    video.muted = this.state.muted;
    video.volume = this.state.volume;
    video.classList.add("shown");
    path.caption?.(this.captions);
    if (old) {
      // Once there is a floating picture, another may take its place without a tap.
      if (document.pictureInPictureElement === old.video)
        void video.requestPictureInPicture().catch(() => {});
      old.video.muted = true;
      void painted().then(() => old.stop()); // under the new picture until that is on screen
    }
    if (this.state.paused) video.pause();
    else if (video.paused) void this.playOrMute(video);
    const well = direct(path) ? ({ why: "" } as const) : {};
    this.update({ path: path.name, trouble: false, weak: false, ...well });
  }

  /** Some browsers let a new picture have sound only by a tap: rather without than not at all. */
  private async playOrMute(video: HTMLVideoElement): Promise<void> {
    try {
      await video.play();
      this.update({ needsGesture: false });
    } catch (error) {
      if ((error as Error).name !== "NotAllowedError") return; // it was stopped meanwhile
      video.muted = true;
      this.update({ muted: true });
      await video.play().catch(() => this.update({ needsGesture: true }));
    }
  }

  /** Returns when the picture is lost. */
  private async watch(alive: () => boolean): Promise<void> {
    let probe: Promise<void> | null = null;
    while (this.current) {
      await pause(LOOK);
      if (!alive()) return;
      const path = this.current;
      const still = this.look(path);
      const lost = path.failure ? !this.state.paused : still > STILL[path.name];
      if (lost || (direct(path) && this.steadiness.stutters)) {
        await probe;
        if (path === this.current && !(await this.saved(path, alive, lost))) return;
      } else if (!probe && this.mayReturn(path)) {
        probe = this.comeBack(alive).finally(() => {
          probe = null;
        });
      }
    }
  }

  /** For how long the picture has stood still, in seconds. */
  private look(path: Path): number {
    const { paused, needsGesture } = this.state;
    // Hidden pages are throttled, and a paused picture stands still by right.
    if (!inSight() || paused || needsGesture) {
      this.stillness.forgive();
      this.steadiness.forget();
    } else this.steadiness.look(progress(path.video));
    const still = this.stillness.look(path, seconds());
    if (still === 0) this.update({ trouble: false, needsGesture: false });
    this.update({ weak: this.steadiness.stutters && !direct(path) });
    return still;
  }

  /** The picture of a path is lost, or poor: it mends, or HLS takes over; false when neither does. */
  private async saved(path: Path, alive: () => boolean, lost: boolean): Promise<boolean> {
    if (lost) this.update({ trouble: true });
    if (path.name === "rewind") this.attempts.rewound &&= path.mediaTime();
    if (!direct(path) || this.attempts.interrupted) return false;
    const spare = this.attempts.hls(); // ready when it turns out that it is needed
    const mended = lost && !path.failure && (await this.mended(path));
    if (mended || this.forgotten(path)) {
      void spare.then((unneeded) => unneeded?.stop());
      return mended;
    }
    this.attempts.failed(path.failure ?? POOR, seconds() - this.shownAt);
    this.update({ why: "unsteady" });
    const other = await spare;
    if (other && alive()) this.show(other);
    else other?.stop();
    if (!other) this.steadiness.forget(); // a poor picture is better than none
    return other !== null || !lost;
  }

  /** Whether a path brings its picture back by itself. */
  private async mended(path: Path): Promise<boolean> {
    let until = seconds() + MENDING;
    void path.mend?.().then((hope) => {
      if (!hope) until = 0;
    });
    while (seconds() < until) {
      await pause(0.1);
      if (this.moves()) return true;
    }
    return false;
  }

  /** Whether the server has just lost the session, as when media restarts: it is asked anew. */
  private forgotten({ failure }: Path): boolean {
    return failure?.code === FORGOTTEN && seconds() - this.shownAt > BRIEF;
  }

  /** Whether the picture has moved since the last look. */
  private moves(): boolean {
    return this.current != null && this.stillness.look(this.current, seconds()) === 0;
  }

  /** Whether to look if WebRTC is there again; never against what the viewer chose. */
  private mayReturn(path: Path): boolean {
    const { paused, needsGesture } = this.state;
    if (direct(path) || this.rewound || paused || needsGesture || !inSight()) return false;
    return !this.strayed && !alone(path.video) && navigator.onLine && this.attempts.due;
  }

  private async comeBack(alive: () => boolean): Promise<void> {
    const unsteady = this.state.why === "unsteady";
    const better = await this.attempts.webrtc();
    const steady = better && (!unsteady || (await this.proves(better, alive)));
    const free = !this.rewound && !this.state.paused && !(this.video && alone(this.video));
    const wanted = steady && alive() && free;
    if (better && wanted && !better.video.paused) this.show(better);
    else better?.stop();
  }

  /** Whether a picture is steady by now, on a line that was not: seen beside the one shown. */
  private async proves(path: Path, alive: () => boolean): Promise<boolean> {
    let [seen, poor] = [-1, 0];
    for (let waited = 0; waited < PROBATION && alive(); waited += LOOK) {
      await pause(LOOK);
      const pictures = progress(path.video);
      if (pictures === seen && inSight()) poor += 1;
      seen = pictures;
      if (poor <= 1 && !path.failure) continue;
      this.attempts.failed(path.failure ?? POOR);
      return false;
    }
    return true;
  }

  private behind(): number | null {
    const shown = this.mediaTime();
    return shown == null ? null : clock.now() - shown;
  }

  private update(change: Partial<PlayerState>): void {
    const entries = Object.entries(change) as [keyof PlayerState, never][];
    if (entries.every(([key, value]) => this.state[key] === value)) return;
    Object.assign(this.state, change);
    this.changed();
  }
}

function direct({ name }: Path): boolean {
  return name === "webrtc" || name === "delayed";
}
