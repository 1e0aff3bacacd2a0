// The picture of a screen with its captions: nothing to press, and never without something to see.

import * as clock from "../clock";
import { fastest } from "../player/captions";
import { Cues } from "../player/cues";
import { progress } from "../player/path";
import { Player } from "../player/player";
import type { Channel, Partial as Guess, View, Word } from "../protocol";
import { CaptionLines } from "./caption_lines";
import { type Health, Vigil } from "./vigil";

const PAINTING = 100; // ms between two looks at what captions should show
const LOOKING = 500; // ms between two looks at the picture
const BEGUN = "fabrique.screen.begun"; // how often the page was loaded anew for want of a picture

const seconds = () => performance.now() / 1000;

export class ScreenPicture {
  private readonly player: Player;
  private readonly vigil = new Vigil(seconds(), Number(sessionStorage.getItem(BEGUN)));
  private readonly cues = new Cues();
  private readonly lines: CaptionLines;
  private readonly timers: number[];
  private told: Channel | undefined;
  private words: Word[] = [];
  private sound = false; // one is to hear it

  /** `anew` is called when nothing but loading the page anew is left to try. */
  constructor(
    private readonly box: HTMLElement,
    readonly channel: string,
    private readonly changed: () => void,
    private readonly anew: () => void,
  ) {
    this.lines = new CaptionLines(box);
    const pictures = box.querySelector(".pictures") as HTMLElement;
    this.player = new Player(pictures, channel, () => this.told, () => this.turned());
    this.player.start(false);
    this.timers = [
      window.setInterval(() => this.paint(), PAINTING),
      window.setInterval(() => this.look(), LOOKING),
    ];
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, this.allowed);
  }

  stop(): void {
    this.timers.forEach(clearInterval);
    for (const gesture of ["pointerdown", "keydown"]) removeEventListener(gesture, this.allowed);
    this.player.stop();
    this.lines.paint([]);
  }

  get health(): Health {
    return this.vigil.health;
  }

  /** How it comes: "webrtc", "hls"; "" while it does not. */
  get path(): string {
    return this.player.state.path ?? "";
  }

  /** Whether one hears it; a browser may want somebody to touch the screen first. */
  get heard(): "on" | "off" | "refused" {
    if (!this.sound) return "off";
    return this.player.state.muted ? "refused" : "on";
  }

  /** What the server says of the channel. */
  about(channel: Channel | undefined): void {
    this.told = channel;
  }

  hear(sound: boolean): void {
    if (sound === this.sound || !this.path) return;
    this.sound = sound;
    this.player.mute(!sound);
  }

  follow(view: View): void {
    this.cues.follow(view, clock.now());
  }

  guess({ words }: Guess): void {
    this.words = words;
  }

  private readonly allowed = (): void => {
    if (this.heard === "refused") this.player.mute(false);
  };

  private turned(): void {
    this.box.dataset["path"] = this.path;
    this.changed();
  }

  private look(): void {
    this.lines.fit();
    if (document.hidden) return; // nothing is decoded for nobody
    const { health, begun } = this.vigil;
    const { video } = this.player;
    this.vigil.look(video ? progress(video) : 0, seconds());
    if (this.vigil.begun !== begun) sessionStorage.removeItem(BEGUN);
    if (this.vigil.health !== health) this.changed();
    if (this.vigil.due && !this.told?.interrupted) this.anew();
  }

  /** The page is about to be loaded anew. */
  leave(): void {
    sessionStorage.setItem(BEGUN, String(this.vigil.begun + 1));
  }

  private paint(): void {
    const shown = this.player.mediaTime() ?? clock.now();
    const { width } = this.lines;
    this.lines.paint(fastest(this.cues.all, this.words, shown, clock.now(), width));
  }
}
