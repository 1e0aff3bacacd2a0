// The picture with its captions and controls: what every page that plays a channel shows.

import { html, nothing, render } from "lit";
import { classMap } from "lit/directives/class-map.js";
import * as clock from "../clock";
import { decimal } from "../french";
import { type Position, type Preferences, prefer, preferences } from "../kept";
import { type Arrived, fastest, inStep } from "../player/captions";
import { Player } from "../player/player";
import type { Channel, Cue, Partial as Guess, Word } from "../protocol";
import { CaptionSettings } from "./caption_settings";
import * as icons from "./icons";
import { Told, reception } from "./reception";

const PAINTING = 100; // ms between two looks at what captions should show
const LATE = 8; // seconds behind after which one is offered to come back to live
const KEPT = 600; // cues: more than ten minutes of speech

const PATHS = {
  webrtc: "WebRTC",
  delayed: "WebRTC synchronisé",
  hls: "LL-HLS",
  sync: "HLS synchronisé",
};

export class Stage {
  readonly player: Player;
  private readonly settings = new CaptionSettings((change) => this.set(change));
  private readonly told = new Told();
  channel: Channel | undefined; // as the server last said it
  private cues: Arrived[] = [];
  private words: Word[] = [];
  private painted = "";
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
    setInterval(() => this.paint(), PAINTING);
    setInterval(() => this.measure(), 1000);
    document.addEventListener("fullscreenchange", () => this.draw());
    if (full) document.addEventListener("keydown", (event) => this.key(event));
    this.player.start(full && preferences.synchronised);
    this.draw();
  }

  /** Cues as they come, newest revision of each. */
  hear(cues: Cue[]): void {
    const now = clock.now();
    for (const cue of cues) {
      const at = this.cues.findIndex((known) => known.cue.id === cue.id);
      const known = this.cues[at];
      if (!known) this.cues.push({ cue, at: now });
      else if (known.cue.revision <= cue.revision) {
        const grown = known.cue.lines.join() !== cue.lines.join();
        this.cues[at] = { cue, at: grown ? now : known.at };
      }
    }
    this.cues.sort((a, b) => a.cue.start - b.cue.start);
    this.cues = this.cues.slice(-KEPT);
  }

  guess({ words }: Guess): void {
    this.words = words;
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
      : preferences.synchronised && this.full
        ? inStep(this.cues, shown, this.width)
        : fastest(this.cues, this.words, shown, clock.now(), this.width);
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
    const shown = this.player.mediaTime();
    const behind = shown == null ? -1 : Math.max(0, Math.round(10 * (clock.now() - shown)) / 10);
    if (behind === this.behind) return;
    this.behind = behind;
    this.draw();
  }

  draw(): void {
    const { state } = this.player;
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
    const late = state.paused || (state.path === "hls" && this.behind > LATE);
    const pausing = state.paused ? "Lire" : "Mettre en pause";
    const toggleCaptions = () => this.set({ captions: !preferences.captions });
    return html`
      ${this.full ? this.button("play", pausing, () => this.toggle()) : nothing}
      ${this.button("sound", state.muted ? "Activer le son" : "Couper le son", () => this.mute())}
      <button
        class="live-button ${classMap({ late })}"
        ?disabled=${!late}
        @click=${() => this.player.catchUp()}
      >
        <span class="tally"></span>${late ? "Revenir au direct" : "En direct"}
      </button>
      <span class="behind" title="Retard de l’image sur le plateau. ${reception(state)}">
        ${
          state.path && this.behind >= 0
            ? html`<span class="behind-time">${decimal(this.behind)}${"\u00a0"}s</span>
                <span class="behind-path">${PATHS[state.path]}</span>`
            : nothing
        }
      </span>
      ${this.button("captions", "Sous-titres", toggleCaptions, preferences.captions)}
      ${this.full ? this.settings.render(this.position, reception(state)) : nothing}
      ${this.button("fullscreen", "Plein écran", () => this.fullscreen())}
    `;
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

  private toggle(): void {
    if (this.player.state.paused) this.player.resume();
    else this.player.pause();
  }

  private mute(): void {
    this.player.mute(!this.player.state.muted);
  }

  private fullscreen(): void {
    const video = this.player.video as { webkitEnterFullscreen?: () => void } | null;
    if (document.fullscreenElement) void document.exitFullscreen();
    else if ("requestFullscreen" in this.box) void this.box.parentElement?.requestFullscreen();
    else video?.webkitEnterFullscreen?.(); // iPhone: only a video may fill the screen
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.closest("input:not([type=radio], [type=checkbox]), textarea, dialog");
    if (!preferences.shortcuts || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Record<string, () => void> = {
      k: () => this.toggle(),
      m: () => this.mute(),
      c: () => this.set({ captions: !preferences.captions }),
      f: () => this.fullscreen(),
      l: () => this.player.catchUp(),
    };
    acts[event.key.toLowerCase()]?.();
  }
}

/** How many characters of the captions' size fit beside each other. */
function fitting(box: HTMLElement): number {
  const captions = box.querySelector(".captions");
  const size = captions ? Number.parseFloat(getComputedStyle(captions).fontSize) : 0;
  return size ? Math.max(12, Math.floor((0.9 * box.clientWidth) / (0.53 * size))) : 40;
}
