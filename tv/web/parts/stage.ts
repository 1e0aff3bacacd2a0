// The picture with its captions and controls: what every page that plays a channel shows.

import { html, nothing, render } from "lit";
import { classMap } from "lit/directives/class-map.js";
import * as clock from "../clock";
import { decimal, stopwatch } from "../french";
import { type Position, type Preferences, prefer, preferences } from "../kept";
import { fastest, inStep } from "../player/captions";
import { Cues } from "../player/cues";
import { Lateness } from "../player/lateness";
import type { PathName } from "../player/path";
import { Player } from "../player/player";
import type { Channel, Cue, Partial as Guess, Talk, View, Word } from "../protocol";
import { CaptionSettings } from "./caption_settings";
import * as rhythm from "./rhythm";
import { fitting } from "./fitting";
import { toggleFullscreen } from "./fullscreen";
import * as icons from "./icons";
import { Told, reception } from "./reception";
import { Rewinding } from "./rewinding";
import { STEP } from "./timeline";

const PAINTING = 100; // ms between two looks at what captions should show
const LATE = 8; // seconds behind after which one is offered to come back to live

const KEYS: [string, string][] = [
  ["K", "pause"],
  ["←", "reculer"],
  ["M", "son"],
  ["C", "sous-titres"],
  ["F", "plein écran"],
  ["L", "direct"],
  ["Q", "question"],
];

const PATHS = {
  webrtc: "WebRTC",
  delayed: "WebRTC synchronisé",
  hls: "LL-HLS",
  sync: "HLS synchronisé",
  rewind: "en différé",
};

export class Stage {
  readonly player: Player;
  private readonly settings = new CaptionSettings({ live: true, keys: KEYS }, (change) =>
    this.set(change),
  );
  private readonly told = new Told();
  private readonly rewinding: Rewinding;
  private readonly cues = new Cues();
  private readonly lateness = new Lateness();
  private channel: Channel | undefined; // as the server last said it
  private words: Word[] = [];
  private painted = "";
  private lastPath: PathName | null = null;
  private behind = -1; // seconds that the picture is behind the studio; -1: unknown
  private width = 40; // characters that fit a line of captions

  /** `box` holds the picture and its captions, `bar` the controls. */
  constructor(
    private readonly box: HTMLElement,
    private readonly bar: HTMLElement,
    slug: string,
    private readonly full: boolean,
  ) {
    this.player = new Player(
      box.querySelector(".pictures") as HTMLElement,
      slug,
      () => this.channel,
      () => this.draw(),
    );
    this.rewinding = new Rewinding(
      this.player,
      (cues) => this.hear(cues),
      () => this.draw(),
    );
    setInterval(() => this.paint(), PAINTING);
    setInterval(() => this.measure(), 1000);
    document.addEventListener("fullscreenchange", () => this.draw());
    if (full) document.addEventListener("keydown", (event) => this.key(event));
    this.player.start(full && preferences.synchronised);
    this.draw();
  }

  /** What the server says of the channel, and of the talk that is on it. */
  about(channel: Channel | undefined, talk?: Talk): void {
    this.channel = channel;
    this.rewinding.channel = channel;
    this.rewinding.talk = talk;
  }

  /** Captions as they come, and as they are taken away. */
  follow(view: View): void {
    this.cues.follow(view, clock.now());
    if (view.reset) return; // they have been there for a while
    const inStep = rhythm.waits(this.player.state.path);
    for (const cue of view.items as Cue[]) {
      if (!cue.corrected) this.note(inStep ? cue.start : cue.end);
    }
  }

  /** Cues, whenever they were said. */
  hear(cues: Cue[]): void {
    this.cues.hear(cues, clock.now());
  }

  guess({ words }: Guess): void {
    this.words = words;
    const last = words.at(-1);
    if (last && !rhythm.waits(this.player.state.path)) this.note(last.end);
  }

  /** What is due at this time of the picture has come now. */
  private note(due: number): void {
    const shown = this.player.mediaTime();
    if (shown != null && !this.player.state.paused) this.lateness.hear(due, shown);
  }

  /** The moment this person sees: what a question is anchored to. */
  moment(): number {
    return this.player.mediaTime() ?? clock.now();
  }

  private get position(): Position {
    return preferences.position ?? (matchMedia("(max-width: 50rem)").matches ? "below" : "bottom");
  }

  private paint(): void {
    const shown = this.moment();
    const lines = !preferences.captions
      ? []
      : rhythm.paintsInStep(this.player.state.path, this.lateness.usual)
        ? inStep(this.cues.all, shown, this.width)
        : fastest(this.cues.all, this.words, shown, clock.now(), this.width);
    const text = lines.join("\n");
    if (text === this.painted) return;
    this.painted = text;
    const target = this.box.querySelector<HTMLElement>(".captions");
    if (target)
      render(
        lines.map((line) => html`<span>${line}</span>`),
        target,
      );
  }

  private measure(): void {
    const before = this.behind;
    this.behind = this.lag();
    if (before !== this.behind || this.full) this.draw();
  }

  private lag(): number {
    const shown = this.player.mediaTime();
    return shown == null ? -1 : Math.max(0, Math.round(10 * (clock.now() - shown)) / 10);
  }

  draw(): void {
    const { state } = this.player;
    if (state.path !== this.lastPath) this.lateness.forget();
    this.lastPath = state.path;
    this.box.classList.toggle("without-picture", !state.path);
    this.box.dataset["captions"] = preferences.captions ? this.position : "off";
    this.box.dataset["path"] = state.path ?? "";
    this.box.classList.toggle("solid", preferences.solid);
    this.box.style.setProperty("--caption-scale", String(preferences.size / 100));
    this.width = fitting(this.box);
    render(this.overlay(), this.box.querySelector(".overlay") as HTMLElement);
    render(this.controls(), this.bar);
  }

  private overlay() {
    const { state } = this.player;
    const title = this.player.state.needsGesture ? "Lire le direct" : "Activer le son";
    return html`
      <p class="visually-hidden" role="status">${this.told.of(state)}</p>
      ${
        !state.path
          ? html`<p class="stage-note" aria-hidden="true">
              <span class="spinner"></span>Connexion au direct…
            </p>`
          : state.trouble
            ? html`<p class="stage-note small" aria-hidden="true">
                <span class="spinner"></span>Le direct se rétablit…
              </p>`
            : nothing
      }
      ${
        this.full && state.path && (state.muted || state.needsGesture)
          ? html`<button class="unmute" @click=${() => this.player.mute(false)}>
              ${state.needsGesture ? icons.play : icons.muted} ${title}
            </button>`
          : nothing
      }
    `;
  }

  private controls() {
    const { state } = this.player;
    const late =
      state.paused || this.player.rewound || (state.path === "hls" && this.behind > LATE);
    const pausing = state.paused ? "Lire" : "Mettre en pause";
    const toggleCaptions = () => this.set({ captions: !preferences.captions });
    return html`
      ${this.full ? this.button("play", pausing, () => this.rewinding.toggle()) : nothing}
      ${this.full ? this.rewinding.render() : nothing}
      ${this.button("sound", state.muted ? "Activer le son" : "Couper le son", () => this.mute())}
      <button
        class="live-button ${classMap({ late })}"
        ?disabled=${!late}
        @click=${() => this.rewinding.live()}
      >
        <span class="tally"></span>${late ? "Revenir au direct" : "En direct"}
      </button>
      <span class="behind" title="Retard de l’image sur le plateau. ${reception(state)}">
        ${
          state.path && this.behind >= 0
            ? html`<span class="behind-time">${lateness(this.behind)}</span>
                <span class="behind-path">${PATHS[state.path]}</span>`
            : nothing
        }
      </span>
      ${this.button("captions", "Sous-titres", toggleCaptions, preferences.captions)}
      ${this.full ? this.settings.render(this.position, this.notes(), this.rhythms()) : nothing}
      ${this.button("fullscreen", "Plein écran", () => this.fullscreen())}
    `;
  }

  private notes(): string[] {
    const by = this.channel?.captions_by ?? "machine";
    return [rhythm.written(this.cues.all, by), reception(this.player.state)];
  }

  private rhythms(): rhythm.Rhythm[] {
    const { path } = this.player.state;
    const wanted = preferences.synchronised && path !== "rewind";
    return rhythm.rhythms(wanted, rhythm.waits(path), this.lateness.usual, this.behind);
  }

  private button(name: string, label: string, act: () => void, pressed?: boolean) {
    const { state } = this.player;
    const signs: Record<string, unknown> = {
      play: state.paused ? icons.play : icons.stop,
      sound: state.muted ? icons.muted : icons.sound,
      captions: icons.captions,
      fullscreen: icons.fullscreen,
    };
    return html`<button
      class="tool"
      aria-label=${label}
      title=${label}
      aria-pressed=${pressed ?? nothing}
      @click=${act}
    >
      ${signs[name]}
    </button>`;
  }

  private set(change: Partial<Preferences>): void {
    prefer(change);
    if (this.full) this.player.synchronise(preferences.synchronised);
    this.painted = "\0";
    this.paint();
    this.draw();
    this.box.dispatchEvent(new Event("preferences"));
  }

  private mute(): void {
    this.player.mute(!this.player.state.muted);
  }

  private fullscreen(): void {
    toggleFullscreen(this.box.parentElement, this.player.video);
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.closest("input:not([type=radio], [type=checkbox]), textarea, dialog");
    if (!preferences.shortcuts || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Record<string, () => void> = {
      k: () => this.rewinding.toggle(),
      m: () => this.mute(),
      c: () => this.set({ captions: !preferences.captions }),
      f: () => this.fullscreen(),
      l: () => this.rewinding.live(),
    };
    acts[event.key.toLowerCase()]?.();
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step && !target.closest("input, [role=tab], [role=log]")) this.rewinding.step(step);
  }
}

/** « 0,4 s », « 4:31 » */
function lateness(behind: number): string {
  return behind < 60 ? `${decimal(behind)}\u00a0s` : stopwatch(behind);
}
