// The picture with its captions and controls, playing: on the public's page, and in the control room.

import { html, nothing, render } from "lit";
import * as clock from "../clock";
import { decimal, stopwatch } from "../french";
import { prefer, preferences } from "../kept";
import { t } from "../language";
import { Player } from "../player/player";
import type { Channel, Partial as Guess, Talk, View } from "../protocol";
import { Band, type Sight } from "./band";
import { Floating } from "./floating";
import { toggleFullscreen } from "./fullscreen";
import * as icons from "./icons";
import * as playing from "./player_icons";
import type { Interpreter } from "./interpreter";
import { type Key, Keys } from "./keys";
import { Later } from "./later";
import { MediaControls } from "./media_controls";
import { Told, reception } from "./reception";
import { Rewinding } from "./rewinding";
import { waits } from "./rhythm";
import { type Rhythm, rhythms } from "./rhythms";
import type { Scene } from "./scene";
import { connecting } from "./text";
import { STEP } from "./timeline";
import { tool } from "./tool";
import { variable } from "./variable";

const LATE = 8; // seconds behind after which one is offered to come back to live
const LOUDER = 0.1;

const PATHS = {
  webrtc: "WebRTC",
  delayed: t("WebRTC synchronisé"),
  hls: "LL-HLS",
  sync: t("HLS synchronisé"),
  native: "HLS",
  sound: t("son seul"),
  "sync-sound": t("son seul, synchronisé"),
  rewind: t("en différé"),
};

export class Stage {
  readonly player: Player;
  private readonly band: Band;
  private readonly told = new Told();
  private readonly rewinding: Rewinding;
  private readonly interpreter: Later<Interpreter>;
  private readonly floating: Floating;
  private readonly controlling: MediaControls | null = null;
  private channel: Channel | undefined; // as the server last said it
  private signs: Channel | undefined; // the interpreter's
  private readonly frame: HTMLElement | null;
  private resting = false;
  private behind = -1; // seconds that the picture is behind the studio; -1: unknown

  /**
   * `box` holds the picture and its captions, `bar` the controls. With a `scene` there is all that a
   * viewer may choose.
   */
  constructor(
    private readonly box: HTMLElement,
    private readonly bar: HTMLElement,
    slug: string,
    private readonly scene: Scene | null = null,
  ) {
    this.frame = box.parentElement;
    this.band = scene?.band ?? new Band(box);
    this.band.sight = () => this.sight();
    const pictures = box.querySelector(".pictures") as HTMLElement;
    this.player = new Player(
      pictures,
      slug,
      () => this.channel,
      () => this.draw(),
    );
    const changed = () => this.draw();
    this.rewinding = new Rewinding(this.player, (cues) => this.band.hear(cues), changed);
    this.interpreter = new Later(() => this.interpreting(), changed);
    this.floating = new Floating(box, changed);
    setInterval(() => this.measure(), 1000);
    document.addEventListener("fullscreenchange", changed);
    // What media elements tell does not bubble.
    for (const event of ["pause", "play", "volumechange"])
      pictures.addEventListener(event, (told) => this.player.heed(told), true);
    if (scene) {
      new Keys(() => this.keys(), scene.keys);
      this.controlling = new MediaControls(slug, {
        play: () => this.player.state.paused && this.rewinding.toggle(),
        pause: () => this.player.pause(),
        step: (by) => this.rewinding.step(by),
        float: () => void this.floating.toggle(this.player.video),
      });
    }
    this.player.start(Boolean(scene) && preferences.synchronised, scene?.reception);
    this.draw();
  }

  /** What the server says of the channel, of the talk that is on it, and of that of its signs. */
  about(channel: Channel | undefined, talk?: Talk, signs?: Channel): void {
    this.channel = channel;
    this.rewinding.channel = channel;
    this.rewinding.talk = talk;
    this.signs = signs;
    this.controlling?.about(channel, talk);
  }

  /** Fetch nothing while nobody sees it, nor hears it. */
  rest(resting: boolean): void {
    if (resting === this.resting) return;
    this.resting = resting;
    if (resting) this.player.stop();
    else this.player.start(false);
  }

  /** Captions as they come. */
  follow(view: View): void {
    this.band.follow(view);
  }

  guess(words: Guess): void {
    this.band.guess(words);
  }

  /** Preferences have changed. */
  apply(): void {
    this.player.synchronise(preferences.synchronised);
  }

  /** Something else is wanted of the channel; `heard`: with its sound, for one has pressed. */
  receive(heard: boolean): void {
    if (!this.scene) return;
    this.player.receive(this.scene.reception);
    if (heard) this.player.mute(false);
    if (!this.player.rewound) this.rewinding.leave();
    if (this.scene.reception !== "words") return;
    this.floating.close();
    this.interpret(""); // nothing else is drawn by then
  }

  /** Show the interpreter's channel to who wants it; who no longer does has it taken away. */
  private interpret(slug: string): void {
    const wanted = slug && preferences.signs;
    if (wanted || this.box.dataset["signs"]) this.interpreter.get()?.draw(slug, this.player);
  }

  private async interpreting(): Promise<Interpreter> {
    const { Interpreter } = await import("./interpreter");
    const told = () => this.signs;
    return new Interpreter(this.box, told, (frame, slug) => new Player(frame, slug, told, () => {}));
  }

  private sight(): Sight {
    const { path, paused } = this.player.state;
    return { path, paused, shown: this.player.mediaTime() };
  }

  private measure(): void {
    const before = this.behind;
    const shown = this.player.mediaTime();
    this.behind = shown == null ? -1 : Math.max(0, Math.round(10 * (clock.now() - shown)) / 10);
    if (before !== this.behind || this.scene) this.draw();
  }

  draw(): void {
    if (this.scene?.reception === "words") return; // there is nothing but words to show
    const { state } = this.player;
    this.box.dataset["path"] = state.path ?? "";
    this.box.classList.toggle("without-picture", !state.path);
    this.player.caption(preferences.captions);
    this.band.draw();
    this.controlling?.draw(state);
    if (this.scene) this.interpret(this.silent ? "" : (this.channel?.signs ?? ""));
    render(this.overlay(), this.box.querySelector(".overlay") as HTMLElement);
    render(this.controls(), this.bar);
  }

  /** Whether there is to be no picture. */
  private get silent(): boolean {
    return this.scene?.reception === "sound";
  }

  private overlay() {
    const { state } = this.player;
    const alone = state.path === "sound" || state.path === "sync-sound";
    const title = state.needsGesture
      ? t("Lire le direct")
      : alone
        ? t("Écouter le direct")
        : t("Activer le son");
    return html`
      <p class="visually-hidden" role="status">${this.told.of(state)}</p>
      ${
        !state.path
          ? connecting()
          : state.trouble
            ? html`<p class="stage-note small" aria-hidden="true">
                <span class="spinner"></span>${t("Le direct se rétablit…")}
              </p>`
            : nothing
      }
      ${alone ? html`<p class="sound-only">${icons.sound} ${t("Son seul")}</p>` : nothing}
      ${
        state.weak && this.scene && !alone
          ? html`<p class="weak">
              ${t("Votre réseau est faible.")}
              <button @click=${() => this.scene?.receive("sound")}>${t("Son seul")}</button>
            </p>`
          : nothing
      }
      ${
        this.scene && state.path && (state.muted || state.needsGesture)
          ? html`<button class="unmute" @click=${() => this.player.mute(false)}>
              ${state.needsGesture ? icons.play : playing.muted} ${title}
            </button>`
          : nothing
      }
    `;
  }

  private controls() {
    const { state } = this.player;
    const full = this.scene != null;
    const distant = state.path === "hls" || state.path === "sound";
    const late = state.paused || this.player.rewound || (distant && this.behind > LATE);
    const pausing = state.paused ? t("Lire") : t("Mettre en pause");
    const sound = state.muted ? t("Activer le son") : t("Couper le son");
    return html`
      ${full ? tool(pausing, state.paused ? icons.play : playing.stop, () => this.rewinding.toggle()) : nothing}
      ${full && !this.silent ? this.rewinding.render() : nothing}
      ${tool(sound, state.muted ? playing.muted : icons.sound, () => this.mute())}
      ${full ? this.volume() : nothing}
      <button
        class="live-button ${late ? "late" : ""}"
        ?disabled=${!late}
        @click=${() => this.rewinding.live()}
      >
        <span class="tally"></span>${late ? t("Revenir au direct") : t("En direct")}
      </button>
      <span class="behind" title="${t("Retard de l’image sur le plateau.")} ${reception(state)}">
        ${
          state.path && this.behind >= 0
            ? html`<span class="behind-time">${lateness(this.behind)}</span>
                <span class="behind-path">${PATHS[state.path]}</span>`
            : nothing
        }
      </span>
      ${tool(t("Sous-titres"), icons.captions, () => this.caption(), { pressed: preferences.captions })}
      ${
        this.scene && this.channel?.signs && !this.silent
          ? this.signsTool()
          : nothing
      }
      ${this.scene ? this.scene.gear([reception(state)], this.rhythms()) : nothing}
      ${
        full && this.floating.offered && !this.silent
          ? this.floatingTool()
          : nothing
      }
      ${this.silent ? nothing : tool(t("Plein écran"), playing.fullscreen, () => this.fullscreen())}
    `;
  }

  private signsTool() {
    const act = () => this.sign();
    const pressed = preferences.signs !== "";
    return tool(t("Langue des signes"), playing.signs, act, { pressed, kind: "of-signs" });
  }

  private floatingTool() {
    const act = () => this.float();
    const label = t("Image dans une petite fenêtre");
    return tool(label, playing.float, act, { pressed: this.floating.open, kind: "of-floating" });
  }

  private volume() {
    const { muted, volume } = this.player.state;
    const heard = muted ? 0 : volume;
    return html`<label class="volume">
      <span class="visually-hidden">${t("Volume")}</span>
      <input
        type="range"
        min="0"
        max="1"
        step="0.05"
        aria-valuetext="${Math.round(100 * heard)} %"
        .value=${String(heard)}
        ${variable("--filled", `${100 * heard}%`)}
        @input=${(event: InputEvent) =>
          this.player.loud(Number((event.target as HTMLInputElement).value))}
      />
    </label>`;
  }

  private rhythms(): Rhythm[] {
    const { path } = this.player.state;
    if (path === "native") return []; // it knows but one
    const wanted = preferences.synchronised && path !== "rewind";
    return rhythms(wanted, waits(path), this.band.late, this.behind);
  }

  private keys(): Key[] {
    if (this.scene?.reception === "words") return [];
    const { rewinding } = this;
    return [
      { keys: ["k", " "], text: t("Pause, lecture"), act: () => rewinding.toggle() },
      { keys: ["ArrowLeft"], text: t("Reculer de dix secondes"), act: () => rewinding.step(-STEP) },
      { keys: ["ArrowRight"], text: t("Avancer de dix secondes"), act: () => rewinding.step(STEP) },
      { keys: ["l"], text: t("Revenir au direct"), act: () => rewinding.live() },
      { keys: ["m"], text: t("Couper ou activer le son"), act: () => this.mute() },
      { keys: ["ArrowUp"], text: t("Plus fort"), act: () => this.louder(LOUDER), within: true },
      { keys: ["ArrowDown"], text: t("Moins fort"), act: () => this.louder(-LOUDER), within: true },
      { keys: ["c"], text: t("Sous-titres"), act: () => this.caption() },
      ...(this.channel?.signs
        ? [{ keys: ["s"], text: t("Langue des signes"), act: () => this.sign() }]
        : []),
      ...(this.floating.offered
        ? [{ keys: ["i"], text: t("Petite fenêtre"), act: () => this.float() }]
        : []),
      { keys: ["f"], text: t("Plein écran"), act: () => this.fullscreen() },
    ];
  }

  private louder(by: number): void {
    const { muted, volume } = this.player.state;
    this.player.loud((muted ? 0 : volume) + by);
  }

  private mute(): void {
    this.player.mute(!this.player.state.muted);
  }

  private caption(): void {
    this.set({ captions: !preferences.captions });
  }

  private sign(): void {
    this.set({ signs: preferences.signs ? "" : "corner" });
  }

  private set(change: Partial<typeof preferences>): void {
    if (this.scene) return this.scene.set(change);
    prefer(change);
    this.draw();
  }

  private float(): void {
    void this.floating.toggle(this.player.video);
  }

  private fullscreen(): void {
    this.floating.close();
    toggleFullscreen(this.frame, this.player.video);
  }
}

/** « 0,4 s », « 4:31 » */
function lateness(behind: number): string {
  return behind < 60 ? `${decimal(behind)}\u00a0s` : stopwatch(behind);
}
