// What stands at the top of the public's page: the picture with its captions, or the words alone
// where no picture is wanted. What plays is loaded when it is needed.

import { html, nothing, render } from "lit";
import * as clock from "../clock";
import { type Preferences, type Reception, prefer, preferences } from "../kept";
import { t } from "../language";
import type { Channel, Cue, Partial as Guess, Talk, View } from "../protocol";
import { Band } from "./band";
import { position } from "./caption_lines";
import { Gear } from "./gear";
import * as icons from "./icons";
import { dressed, Later } from "./later";
import { elsewhere, onSite } from "./on_site";
import { written } from "./rhythm";
import type { Rhythm } from "./rhythms";
import type { Stage } from "./stage";
import { connecting } from "./text";

export class Scene {
  readonly band: Band;
  reception: Reception; // now; what is kept is for the next time
  channel: Channel | undefined;
  talk: Talk | undefined;
  private readonly settings: Gear;
  private stage: Stage | null = null;
  private heard = false; // what was asked for last is to come with its sound
  private readonly playing = new Later(() => this.fetch(), () => this.draw());
  onSite = onSite();

  /** `box` holds the picture and its captions, `bar` the controls; `keys` are those of the page. */
  constructor(
    readonly box: HTMLElement,
    readonly bar: HTMLElement,
    readonly slug: string,
    readonly keys: [string, string][] = [],
  ) {
    this.band = new Band(box);
    this.settings = new Gear({ title: t("Réglages"), live: true, keys: [] }, (change) =>
      this.set(change),
    );
    this.reception = this.onSite ? "words" : preferences.reception;
    this.load();
    this.draw();
  }

  /** What the server says of the channel, of the talk on it, and of the channel of its signs. */
  about(channel: Channel | undefined, talk?: Talk, signs?: Channel): void {
    this.channel = channel;
    this.talk = talk;
    this.stage?.about(channel, talk, signs);
    if (!this.stage) this.draw();
  }

  follow(view: View): void {
    this.band.follow(view);
  }

  hear(cues: Cue[]): void {
    this.band.hear(cues);
  }

  guess(words: Guess): void {
    this.band.guess(words);
  }

  /** The moment this person sees: what a question is anchored to. */
  moment(): number {
    return this.band.sight().shown ?? clock.now();
  }

  /** Keep a change of how one wants it, and have it. */
  set(change: Partial<Preferences>): void {
    prefer(change);
    this.stage?.apply();
    this.draw();
    this.box.dispatchEvent(new Event("preferences"));
  }

  receive(reception: Reception): void {
    // Who asks for it has pressed: it may be heard, but for a picture in a room with its own sound.
    const asked = this.reception === "words" && !this.onSite;
    this.heard = asked || reception === "sound";
    this.reception = reception;
    this.set({ reception });
    this.load();
    this.stage?.receive(this.heard);
  }

  draw(): void {
    this.box.dataset["reception"] = this.reception;
    this.band.always = this.reception === "words";
    this.band.draw();
    if (this.stage && this.reception !== "words") return this.stage.draw();
    this.box.dataset["path"] = "";
    this.box.classList.toggle("without-picture", this.reception !== "words");
    const overlay = this.box.querySelector(".overlay") as HTMLElement;
    if (this.reception === "words") {
      render(this.introduction(), overlay);
      render(this.offers(), this.bar);
    } else {
      render(connecting(), overlay);
    }
  }

  /** The gear, and what is set there. */
  gear(notes: string[], rhythms: Rhythm[] = []) {
    const qualities = this.channel?.qualities ?? [];
    const by = written(this.band.all, this.channel?.captions_by ?? "machine");
    return this.settings.render(position(), [by, ...notes], rhythms, (sheet) => [
      sheet.receiving(this.reception, qualities, (reception) => this.receive(reception)),
      this.channel?.signs ? sheet.signing((change) => this.set(change)) : nothing,
    ]);
  }

  private load(): void {
    if (this.reception !== "words") this.playing.get();
  }

  private async fetch(): Promise<Stage> {
    const { Stage } = await dressed(import("./stage"));
    this.stage = new Stage(this.box, this.bar, this.slug, this);
    this.stage.about(this.channel, this.talk);
    this.stage.receive(this.heard);
    return this.stage;
  }

  private introduction() {
    return this.onSite
      ? html`<p class="words-only">
          <strong>${t("Vous êtes sur place")}</strong>
          <span>${t("L’image est sur les écrans\u00a0: ici, les sous-titres, sans charger le réseau.")}</span>
        </p>`
      : html`<p class="words-only">
          <strong>${t("Sous-titres seuls")}</strong>
          <span>${t("Ni image ni son, presque pas de données.")}</span>
        </p>`;
  }

  private offers() {
    return html`
      <button class="offer" @click=${() => this.receive(this.picture)}>
        ${icons.play} ${t("Afficher l’image")}
      </button>
      <button class="offer" @click=${() => this.receive("sound")}>
        ${icons.sound} ${t("Son seul")}
      </button>
      <span class="room"></span>
      ${
        this.onSite
          ? html`<button class="link" @click=${() => this.leave()}>
              ${t("Je ne suis pas sur place")}
            </button>`
          : nothing
      }
      ${this.gear([])}
    `;
  }

  private leave(): void {
    elsewhere();
    this.onSite = false;
    this.receive(this.picture);
  }

  /** The picture as it was wanted last. */
  private get picture(): Reception {
    const { reception } = preferences;
    return reception === "sound" || reception === "words" ? "auto" : reception;
  }
}
